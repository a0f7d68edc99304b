"""The session that clients of RFC 3921 ask for after binding; it does nothing (§3 there)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from server.extension import IQ, At, Extension, Request, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

TAG: Final = "{urn:ietf:params:xml:ns:xmpp-session}session"


class LegacySession(Extension):
    """COMPAT: says yes to those who ask; the stream features call it optional."""

    name: ClassVar[str] = "legacy_session"

    def wires(self) -> Iterable[Wire]:
        """Every hook of this room."""
        yield IQ("set", TAG, self._begin, at=At.OWN | At.HOST)

    def _begin(self, request: Request) -> None:
        """An empty result: the session began when the resource was bound."""
