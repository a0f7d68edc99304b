"""Tells the time of this server (XEP-0202)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from server.extension import IQ, XEP, At, Extension, Feature, Request, Spec, Wire
from server.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

NS: Final = "urn:xmpp:time"


class EntityTime(Extension):
    """The host says what time it is, always in UTC (XEP-0202 §3)."""

    name = "entity_time"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(202, "Entity Time", "2.0"),
        XEP(82, "XMPP Date and Time Profiles", "1.1.1"),
    )

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS)
        yield IQ("get", f"{{{NS}}}time", self.answer, At.HOST)

    def answer(self, request: Request) -> bytes:
        """The clock's reading; where this machine stands is not told."""
        now = int(self.host.server.clock.utcnow() * 1000)
        return b"<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>%s</utc></time>" % (stamp(now))
