"""Sends notifications that are messages (`urn:xmpp:push2:0`): nobody answers but in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.push import push2
from server.jid import JID
from server.stanza import Stanza, qualify
from server.stream.reader import parse

if TYPE_CHECKING:
    from extensions.push.wants import Match
    from extensions.push.watch import Device, Watch
    from server.host import Host

_CONTACTS: Final = ("mailto:", "https:")


class Letters:
    """The messages of one host to app servers."""

    def __init__(self, host: Host) -> None:
        self._host = host
        # "a contact URI … as either a 'mailto:' or an 'https:' URI" (RFC 8292 §2.1)
        named = (*host.server.config.contact.admin, *host.server.config.contact.support)
        mine = f"https://{host.domain}"
        self._contact = next((each for each in named if each.startswith(_CONTACTS)), mine)

    def send(self, watch: Watch, device: Device, match: Match, message: Stanza | None) -> None:
        """Notify a device of what waits for it, of which this is the newest, if it is to know."""
        server, row = self._host.server, device.row
        plain, sealed = b"", b""
        if match.web is not None and message is not None:
            plain = push2.envelope(message, watch.jid, message.mid, server.entropy)
        if match.web is not None and plain:
            now = server.clock.utcnow()
            sealed = push2.sealed(match.web, plain, server.entropy, self._contact, now)
        inside = push2.notification(row.node, is_call=device.agenda.has_call, added=sealed)
        to = JID.parse(row.service)
        wire = b"<message id='%s' from='%s' to='%s'>%s</message>" % (
            server.entropy.stanza_id().encode(), self._host.jid.wire, to.wire, inside,
        )  # fmt: skip
        server.tell(server.route, Stanza("message", parse(qualify(wire)), to, self._host.jid))
