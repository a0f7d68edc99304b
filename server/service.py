"""A domain below a host that has no accounts: `pubsub.example.org`, `conference.example.org`.

An extension makes one and yields it from `wires()`. It answers requests by a table of its own, as
accounts' and hosts' requests are; messages and presence go to the methods below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from server.errors import Condition, StanzaError
from server.extension import Request
from server.jid import JID
from server.requests import answer, malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.extension import Handler
    from server.host import Host
    from server.session import Session
    from server.stanza import Stanza


class Service:
    """What is reached at an address of its own. Subclasses fill `requests` and override methods."""

    #: Whether users may have it notified of what waits for them (XEP-0357 §3).
    is_app_server: ClassVar[bool] = False

    def __init__(self, host: Host, name: str) -> None:
        """`name` goes before the domain of the host."""
        self.host = host
        self.jid = JID.parse(f"{name}.{host.domain}")
        #: (type, tag) → handler, for requests to the service or to any address at it.
        self.requests: dict[tuple[str, str], Handler] = {}

    def receive(self, stanza: Stanza, session: Session | None = None) -> Awaitable[None] | None:
        """Take a stanza for this domain; `session` is the local sender's, if there is one."""
        if stanza.kind == "message":
            return self.message(stanza, session)
        if stanza.kind == "presence":
            return self.presence(stanza, session)
        wrong = malformed(stanza)
        if wrong is not None:
            return self.host.refuse(stanza, wrong)
        if stanza.type in ("result", "error"):
            return self.answered(stanza)
        payload = stanza.element[0]
        handler = self.requests.get((stanza.type or "", payload.tag))
        return answer(Request(self.host, stanza, payload, session, None), handler)

    def message(self, stanza: Stanza, session: Session | None) -> Awaitable[None] | None:
        """Take a message; a service that has no use for them says so."""
        if stanza.type == "headline":
            return None
        text = "this service takes no messages"
        return self.host.refuse(stanza, StanzaError(Condition.SERVICE_UNAVAILABLE, text))

    def presence(self, stanza: Stanza, session: Session | None) -> Awaitable[None] | None:
        """Take presence."""
        return None

    def answered(self, stanza: Stanza) -> Awaitable[None] | None:
        """Take the answer to a request that the service has sent."""
        self.host.server.answered(stanza)
        return None
