"""Sends notifications that are messages (`urn:xmpp:push2:0`): nobody answers but in trouble."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from extensions.push import push2
from server.jid import JID
from server.queries import refusal_in
from server.stanza import Stanza, qualify
from server.stream.reader import parse

if TYPE_CHECKING:
    from extensions.push.wants import Match
    from extensions.push.watch import Device, Watch
    from server.errors import StanzaError
    from server.host import Host

#: Of so many notifications it is known whose they are, should they come back.
_REMEMBERED: Final = 1000
_ERROR: Final = "{jabber:client}error"
_CONTACTS: Final = ("mailto:", "https:")


class Letters:
    """The messages of one host to app servers."""

    def __init__(self, host: Host) -> None:
        self._host = host
        # "a contact URI … as either a 'mailto:' or an 'https:' URI" (RFC 8292 §2.1)
        named = (*host.server.config.contact.admin, *host.server.config.contact.support)
        mine = f"https://{host.domain}"
        self._contact = next((each for each in named if each.startswith(_CONTACTS)), mine)

        self._sent: OrderedDict[str, tuple[Watch, Device]] = OrderedDict()

    def send(
        self, watch: Watch, device: Device, match: Match, message: Stanza | None, *, is_call: bool
    ) -> None:
        """Notify a device of what waits for it, of which this is the newest, if it is to know."""
        server, row = self._host.server, device.row
        to = JID.parse(row.service)
        # What comes back must come back to the host; programs that are logged in send nothing back.
        from_ = watch.jid if to.domain in server.hosts else self._host.jid
        plain, sealed = b"", b""
        if match.web is not None and message is not None:
            plain = push2.envelope(message, watch.jid, message.mid, server.entropy)
        if match.web is not None and plain:
            now = server.clock.utcnow()
            sealed = push2.sealed(match.web, plain, server.entropy, self._contact, now)
        number = server.entropy.stanza_id()
        self._sent[number] = watch, device
        if len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)
        inside = push2.notification(row.node, is_call=is_call, added=sealed)
        wire = b"<message id='%s' from='%s' to='%s'>%s</message>" % (
            number.encode(), from_.wire, to.wire, inside,
        )  # fmt: skip
        server.tell(server.route, Stanza("message", parse(qualify(wire)), to, from_))

    def returned(self, error: Stanza) -> tuple[Watch, Device, StanzaError] | None:
        """Whose notification came back; None if it is none, or somebody else says so."""
        watch, device = self._sent.get(error.id or "", (None, None))
        if watch is None or device is None or error.from_ != device.row.service:
            return None
        del self._sent[error.id or ""]
        return watch, device, refusal_in(error.element)


def is_passing(error: Stanza) -> bool:
    """Whether the sender of an error says that it may be gone later (RFC 6120 §8.3.2)."""
    found = error.element.find(_ERROR)
    return found is not None and found.get("type") == "wait"
