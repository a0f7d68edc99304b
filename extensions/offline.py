"""Announces that messages wait for those who are away (XEP-0160).

Keeping and handing over what is pending is the core's work (`server/messages/`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from server.extension import XEP, Extension, Feature, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

FEATURE: Final = "msgoffline"


class Offline(Extension):
    """The feature of a server that stores messages for users who are offline (XEP-0160 §4)."""

    name = "offline"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(160, "Best Practices for Handling Offline Messages", "1.0.1"),
        XEP(334, "Message Processing Hints", "1.0.0"),
    )

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(FEATURE)
