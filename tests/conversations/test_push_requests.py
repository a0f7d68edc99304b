"""Who wants to be a contact is told to devices that sleep, like a message (RFC 6121 §3.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conversations.test_push_encryption import SEAL, unsealed
from tests.extensions.push.makers import open_makers, write

if TYPE_CHECKING:
    from tests.harness.house import Client


async def ask(client: Client, type_: str = "subscribe", to: str = "anna@example.org") -> None:
    await client.send(f"<presence type='{type_}' to='{to}'/>")


async def test_a_request() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        await ask(await makers.house.online("ben/pc"))
        await makers.pass_time(4.5)
        assert makers.taken == []
        await makers.pass_time(100)
        [found] = makers.taken
        assert found.fields == {
            "message-count": "0", "pending-subscription-count": "1",
            "last-message-body": "1 contact request",
        }  # fmt: skip


async def test_beside_messages() -> None:
    """They are counted apart; who it is stands there only if the operator says so."""
    async with open_makers(sender=True) as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        await ask(ben)
        await ask(await makers.house.online("carl/pc"))
        await makers.pass_time(7)
        await write(ben)
        await makers.pass_time(100)
        first, second = makers.taken
        assert first.fields == {
            "message-count": "0", "pending-subscription-count": "2",
            "pending-subscription-from": "carl@example.org",
            "last-message-body": "2 contact requests",
        }  # fmt: skip
        assert second.fields == {
            "message-count": "1", "pending-subscription-count": "2",
            "last-message-sender": "ben@example.org", "last-message-body": "1 new message",
        }  # fmt: skip


async def test_asked_again_and_again() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        ben = await makers.house.online("ben/pc")
        for _ in range(5):
            await ask(ben)
            await makers.pass_time(70)
        assert len(makers.taken) == 1


async def test_answered_by_another_device() -> None:
    async with open_makers() as makers:
        await makers.asleep()
        desk = await makers.house.online("anna/desk")
        await ask(await makers.house.online("ben/pc"))
        await ask(desk, "subscribed", "ben@example.org")
        await makers.pass_time(100)
        assert makers.taken == []
        assert "cancelled: the request was answered" in await makers.history()


async def test_a_device_that_is_there() -> None:
    async with open_makers() as makers:
        await makers.phone()
        await ask(await makers.house.online("ben/pc"))
        await makers.pass_time(100)
        assert makers.taken == []


async def test_a_device_that_wants_nothing_of_strangers() -> None:
    async with open_makers() as makers:
        more = "<ignore-unknown xmlns='tigase:push:filter:ignore-unknown:0'/>"
        await makers.asleep(more=more)
        await ask(await makers.house.online("ben/pc"))
        await makers.pass_time(100)
        assert makers.taken == []


async def test_encrypted() -> None:
    async with open_makers() as makers:
        await makers.asleep(more=SEAL)
        await ask(await makers.house.online("ben/pc"))
        await makers.pass_time(7)
        assert unsealed(makers.taken[0]) == {
            "unread": 0, "sender": "ben@example.org", "message": "Wants to be your contact",
        }  # fmt: skip
