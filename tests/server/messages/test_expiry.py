"""Messages that no device has fetched in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.care import INTERVAL, PAUSE
from server.storage import archive
from tests.harness.house import House

if TYPE_CHECKING:
    from server.account import Account
    from tests.harness.house import Client

HOUR = 3600.0
DAY = 24 * HOUR
QUIET = {"limits": {"idle_timeout": "forever"}}
FAILED = (
    "<message type='error' id='{}' from='anna@example.org' to='ben@example.org'>"
    "<error type='wait'><recipient-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    "</error><delay xmlns='urn:xmpp:delay'/></message>"
)
LETTER = "<message type='normal' from='example.org' to='ben@example.org'><body/></message>"


async def write(ben: Client, *names: str) -> None:
    for name in names:
        await ben.send(
            f"<message type='chat' id='{name}' to='anna@example.org'><body>{name}</body></message>"
        )


async def care(house: House) -> None:
    """The next round, with its pauses."""
    house.clock.advance(INTERVAL * 1.2)
    for _ in range(20):
        await house.settle()
        house.clock.advance(PAUSE)


async def account(house: House, name: str = "anna") -> Account:
    found = await house.server.hosts["example.org"].accounts.load(await house.add_user(name))
    assert found is not None
    return found


async def test_the_sender_is_told_and_the_message_stays_in_the_archive() -> None:
    async with House(config=QUIET) as house:
        anna = await account(house)
        ben = await house.online("ben/garden")
        await write(ben, "1", "2")
        house.clock.advance(29 * DAY)
        await write(ben, "3")
        await care(house)
        await ben.expect_nothing()
        house.clock.advance(1 * DAY + 1)
        await care(house)
        await ben.expect_all(FAILED.format("1"), LETTER, FAILED.format("2"))
        await care(house)
        await ben.expect_nothing()
        assert len((await archive.page(house.database, anna.id)).entries) == 3


async def test_what_was_given_up_is_not_delivered_any_more() -> None:
    async with House(config=QUIET) as house:
        await account(house)
        ben = await house.online("ben/garden")
        await write(ben, "1", "2")
        house.clock.advance(15 * DAY)
        await write(ben, "3")
        house.clock.advance(16 * DAY)
        await care(house)
        await house.restart()
        anna = await house.login("anna/new")
        await anna.send("<presence/>")
        await anna.expect_all("<presence/>", "<message id='3'/>")
        await anna.expect_nothing()


async def test_one_letter_a_conversation_and_day() -> None:
    async with House(config=QUIET) as house:
        await account(house)
        ben = await house.online("ben/garden")
        house.clock.advance(6 * HOUR)
        await write(ben, "1")
        house.clock.advance(2 * HOUR)
        await write(ben, "2")
        house.clock.advance(30 * DAY - 2 * HOUR)
        await care(house)
        await ben.expect_all(FAILED.format("1"), LETTER)
        await care(house)
        await ben.expect(FAILED.format("2"))
        await ben.expect_nothing()


async def test_a_sender_who_is_away_finds_the_letter_later() -> None:
    async with House(config=QUIET) as house:
        await account(house)
        ben = await house.online("ben/garden")
        await write(ben, "1")
        await ben.close()
        house.clock.advance(31 * DAY)
        await care(house)
        ben = await house.login("ben/garden")
        await ben.send("<presence/>")
        await ben.expect_all("<presence/>", LETTER)
        inbox = (await archive.page(house.database, (await account(house, "ben")).id)).entries
        assert [b"example.org" in wire for _, wire in inbox] == [True, True]


async def test_messages_that_no_device_took_expire_too() -> None:
    """With a device online that takes none they are parked, not in the backlog."""
    async with House(config=QUIET) as house:
        anna = await house.login("anna/silent")
        await anna.send("<presence/>")
        await anna.send("<presence><priority>-1</priority></presence>")
        ben = await house.online("ben/garden")
        await write(ben, "1")
        assert (await account(house)).ledger.parked
        house.clock.advance(31 * DAY)
        await care(house)
        await ben.expect_all(FAILED.format("1"), LETTER)
        assert not (await account(house)).ledger.parked


async def test_other_servers_senders_are_none_of_our_letters() -> None:
    async with House(config=QUIET, domains=("example.org", "example.net")) as house:
        await account(house)
        ben = await house.online("ben/garden")
        await write(ben, "1")
        del house.server.hosts["example.net"]
        house.clock.advance(31 * DAY)
        await care(house)
        await ben.expect_all(FAILED.format("1"), LETTER)
