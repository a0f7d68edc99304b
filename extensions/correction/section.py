"""The section `[correction]` of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from server.config.declare import key
from server.units import Duration


@dataclass(frozen=True, slots=True)
class Correction:
    """How long people may change what they have written (XEP-0308)."""

    window: Duration = key(
        Duration.parse("forever"),
        """Corrections of older messages are refused to the users of this server. Where encryption
        hides what a message is (OMEMO 2), nothing can be refused.""",
        least=60,
        forever=True,
        example='"15m"',
    )
