"""A resource bound together with the login, and everything a session needs at once (XEP-0386)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.c2s import resumption
from server.c2s.request import NS_BIND, text_of
from server.clients import resource_suffix
from server.jid import JID, JIDMalformed
from server.stream.management import NS as NS_SM

if TYPE_CHECKING:
    from server.account import Account
    from server.c2s.login import Login
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.host import Host
    from server.session import Session

_ENABLE: Final = f"{{{NS_SM}}}enable"
_TAG: Final = f"{{{NS_BIND}}}tag"
_BOUND: Final = b"<bound xmlns='%s'>%s</bound>"
#: Characters of a tag; of a longer one the beginning is taken.
_LONGEST: Final = 64


def feature(host: Host) -> bytes:
    """What can be negotiated while binding (§3.1)."""
    names = sorted({NS_SM, *host.tables.inline_features})
    found = "".join(f"<feature var='{name}'/>" for name in names)
    return f"<bind xmlns='{NS_BIND}'><inline>{found}</inline></bind>".encode()


async def prepare(account: Account) -> bytes:
    """What every `<bound/>` tells, such as the ends of the archive; read before the bind."""
    parts = [await tell(account) for tell in account.host.tables.bound]
    return b"".join(parts)


def bind(stream: ClientStream, login: Login, told: bytes) -> tuple[Session, bytes]:
    """Bind a resource and switch on what the client asks for; the `<bound/>` (§3.2).

    Raises StanzaError. "Clear the offline messages for this user" is not done: a message is due to
    the account's devices until one of them has acknowledged or fetched it, and a client has a
    cursor of its own (`server/messages/progress.py`). DEVIATION: a client that does not come as far
    as reading the archive would lose what it was never shown.
    """
    account, request = login.account, login.request.bind
    assert account is not None
    assert request is not None
    jid = _resource(stream, account, login.client, request)
    session = stream.server.sessions.bind(account, jid, stream, login.client, login.known)
    answers = [told]
    for child in request:
        if child.tag == _ENABLE and session.outbox is None:
            answers.append(resumption.begin(session, child))
        handler = account.host.tables.inline.get(child.tag)
        if handler is not None:
            answers.append(handler(session, child) or b"")
    return session, _BOUND % (NS_BIND.encode(), b"".join(answers))


def _resource(stream: ClientStream, account: Account, client: str, request: Element) -> JID:
    """The resource: the client's tag, then what the server adds (§3.2.1)."""
    found = request.find(_TAG)
    tag = "" if found is None else text_of(found)[:_LONGEST]
    if client:
        suffix = resource_suffix(stream.server.secret, account.jid, client, tag)
    else:
        suffix = stream.server.entropy.token(9)
    if tag:
        try:
            return account.jid.with_resource(f"{tag}/{suffix}")
        except JIDMalformed:
            pass  # "subject to the necessary validation": without the tag, then
    return account.jid.with_resource(suffix)
