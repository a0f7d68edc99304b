"""The section `[push]` of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from server.config.declare import key
from server.units import Duration


@dataclass(frozen=True, slots=True)
class Push:
    """Notifications for devices that are not connected, through their makers (XEP-0357)."""

    delay: Duration = key(
        Duration(5),
        "How long a message waits for a device to take it, or for its user to read it elsewhere,"
        " before the device is notified. Calls do not wait.",
        least=1, most=300,
    )  # fmt: skip
    interval: Duration = key(
        Duration(60),
        "A device is notified of one conversation at most once in that time.",
        least=1, most=3600,
    )  # fmt: skip
    sender: bool = key(
        False,
        "Tell the makers' servers who has written, or wants to be a contact. What was written they"
        " are never told: only devices that gave a key are, encrypted.",
    )
    devices_per_account: int = key(
        20, "The most devices of one account that can be notified.", least=1, most=200
    )
