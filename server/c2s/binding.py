"""Resource binding (RFC 6120 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.c2s.admission import admit
from server.c2s.phase import Phase
from server.element import escape
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.jid import JID, JIDMalformed
from server.sasl.mechanism import Failure
from server.stanza import Stanza, error_reply

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.c2s.phase import Table
    from server.c2s.stream import ClientStream
    from server.element import Element

NS: Final = "urn:ietf:params:xml:ns:xmpp-bind"
_BIND: Final = f"{{{NS}}}bind"
_RESOURCE: Final = f"{{{NS}}}resource"


def bind(stream: ClientStream, element: Element) -> Awaitable[None] | None:
    """The one iq that is legal before a resource is bound (§7.1)."""
    request = element[0] if len(element) == 1 else None
    if element.get("type") != "set" or request is None or request.tag != _BIND:
        stream.close(StreamError(StreamCondition.NOT_AUTHORIZED, "bind a resource first"))
        return None
    return _bind(stream, element, request.findtext(_RESOURCE))


async def _bind(stream: ClientStream, element: Element, wanted: str | None) -> None:
    server, host = stream.server, stream.host
    assert host is not None
    bare = JID.parse(f"{stream.account_name}@{host.domain}")
    # "the server … MUST be able to generate" a resource (§7.6.1)
    resource = wanted or server.entropy.token(9)
    try:
        jid = bare.with_resource(resource)
    except JIDMalformed as wrong:
        _refuse(stream, element, bare, StanzaError(Condition.BAD_REQUEST, str(wrong)))
        return
    account = await admit(stream, bare)
    if stream.phase is not Phase.AUTHENTICATED:
        return  # it was closed meanwhile
    if isinstance(account, Failure):
        stream.close(StreamError(StreamCondition.NOT_AUTHORIZED, account.text))
        return
    login = stream.login
    client, known = ("", None) if login is None else (login.client, login.known)
    try:
        session = server.sessions.bind(account, jid, stream, client, known)
    except StanzaError as refusal:
        _refuse(stream, element, bare, refusal)
        return
    stream.adopt(session)
    stream.write(
        b"<iq type='result' id='%s'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>%s</jid>"
        b"</bind></iq>" % (escape(element.get("id") or ""), jid.wire)
    )


def _refuse(stream: ClientStream, element: Element, bare: JID, refusal: StanzaError) -> None:
    stream.write(error_reply(Stanza("iq", element, None, bare), refusal))


TABLE: Table = {(Phase.AUTHENTICATED, "{jabber:client}iq"): bind}
