"""News on the way to many: serialised once, only the address differs (XEP-0060 §7.1.2).

Users of this server get bytes: no stanza, no task. Everybody else gets a stanza of his own through
the router.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from server import delay, message_id
from server.dispatch import guard_inbound, run
from server.extension import Inbound
from server.stanza import Stanza, qualify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.host import Host
    from server.jid import JID
    from server.server import Server

_TAPS: Final = (Inbound, "message")


class Event:
    """One notification, for any number of recipients."""

    __slots__ = ("_head", "_parts", "_stanza", "_tail", "from_", "is_headline")

    def __init__(
        self, from_: JID, number: str, content: bytes, *, headline: bool = True, extra: bytes = b""
    ) -> None:
        """`content` stands within the event, `extra` beside it; both are serialised."""
        self.from_ = from_
        self.is_headline = headline
        self._parts = number, content, extra
        self._head = b"<message%s id='%s' from='%s' to='" % (
            b" type='headline'" if headline else b"", number.encode(), from_.wire,
        )  # fmt: skip
        self._tail = (
            b"'><event xmlns='http://jabber.org/protocol/pubsub#event'>%s</event>%s</message>"
            % (content, extra)
        )
        self._stanza: Stanza | None = None

    def as_headline(self) -> Event:
        """The same for those for whom it does not wait."""
        if self.is_headline:
            return self
        number, content, extra = self._parts
        return Event(self.from_, number, content, extra=extra)

    def wire(self, to: JID) -> bytes:
        """Serialised for one recipient."""
        return self._head + to.wire + self._tail

    @property
    def pieces(self) -> tuple[bytes, bytes]:
        """What stands before and after the address, for those who write to very many."""
        return self._head, self._tail

    def stanza(self, to: JID) -> Stanza:
        """A stanza for one recipient; parsed once, for whoever looks into it."""
        if self._stanza is None:
            element = etree.fromstring(qualify(self.wire(to)))
            self._stanza = Stanza("message", element, to, self.from_)
        return Stanza("message", self._stanza.element, to, self.from_)


def delayed(seq: int) -> bytes:
    """The stamp of an item that is told later than it was published (§6.1.7)."""
    return delay.build(message_id.to_ms(seq))


def send_all(server: Server, event: Event, recipients: Iterable[JID]) -> None:
    """Bring news to addresses wherever they are."""
    for jid in recipients:
        host = server.hosts.get(jid.domain)
        if host is None or not event.is_headline:
            server.tell(server.route, event.stanza(jid))
            continue
        account = host.accounts.online(jid.bare)
        if account is None:
            continue  # a headline is for those who are there (RFC 6121 §5.2.2)
        reach = account.reach
        targets = reach.matches.get(jid.resource, ()) if jid.resource else reach.audience
        if not targets:
            continue
        if not _may_pass(server, host, account, event, jid):
            continue
        wire = event.wire(jid)
        for session in targets:
            session.send(wire)


def _may_pass(server: Server, host: Host, account: Account, event: Event, to: JID) -> bool:
    """Ask whoever may refuse; mostly there is nobody, and no stanza is made."""
    taps = host.tables.before[_TAPS]
    if not taps and not account.guards:
        return True
    stanza, crashed = event.stanza(to), server.crashed
    if account.guards and guard_inbound(account, stanza, crashed) is not None:
        return False
    return run(taps, account, stanza, crashed) is None
