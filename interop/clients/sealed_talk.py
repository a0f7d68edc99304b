"""An encrypted conversation of any two clients: nobody is trusted before fingerprints are compared.

The clients stand at the ends of a `Party`; what they must have heard is in `capabilities.py`.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from interop.capabilities import Seen, Situation


class Party(Protocol):
    """A device of somebody, whatever client it runs."""

    jid: str
    device_id: int

    async def ask(self, jid: str) -> None:
        """Ask for a contact's presence."""

    async def allow(self, jid: str) -> None:
        """Wait until a contact asks for presence, and say yes."""

    async def fingerprint(self) -> str:
        """This device's, as its owner reads it out: 64 hexadecimal digits."""
        ...

    async def leaves_out(self, other: "Party", text: str) -> bool:
        """Try to tell somebody something whose device, now known, is not trusted.

        Gives whether nothing was encrypted for that device.
        """
        ...

    async def trust(self, other: "Party") -> None:
        """Trust a device if its fingerprint is the one that the owner reads out."""

    async def say(self, to: str, text: str) -> None:
        """Say something to the trusted devices of somebody."""

    async def say_openly(self, to: str, text: str) -> None:
        """Say something without encryption."""

    async def hear(self, sender: str, text: str) -> None:
        """Wait until somebody has said this."""

    async def transcript(self) -> list[str]:
        """What was said by everybody, in the order in which this device shows it."""
        ...


async def converse(
    alice: Party, bob: Party, arrive: Callable[[], Awaitable[Party]], situation: Situation
) -> Seen:
    """Both ways; then another device of bob's arrives, and hears only what is said later."""
    first, second, third = situation.texts
    attempt = "".join(situation.texts)  # must not be found on the server either
    for asking, asked in ((alice, bob), (bob, alice)):
        await asking.ask(asked.jid)
        await asked.allow(asking.jid)
    seen: Seen = {"refused_before_trust": await alice.leaves_out(bob, attempt)}
    await _trust_each_other(alice, bob)
    await alice.say(bob.jid, first)
    await bob.hear(alice.jid, first)
    await bob.say(alice.jid, second)
    await alice.hear(bob.jid, second)

    new = await arrive()
    seen["refused_new_device"] = await alice.leaves_out(new, attempt)
    await _trust_each_other(alice, new)
    await alice.say(bob.jid, third)
    for device in (bob, new):
        await device.hear(alice.jid, third)

    await bob.say_openly(alice.jid, situation.in_the_clear)
    await alice.hear(bob.jid, situation.in_the_clear)
    seen["in_the_clear"] = True
    devices = {"alice": alice, "bob": bob, "new": new}
    seen["heard"] = {
        name: [text for text in await device.transcript() if text in situation.texts]
        for name, device in devices.items()
    }
    return seen


async def _trust_each_other(one: Party, other: Party) -> None:
    await one.trust(other)
    await other.trust(one)
