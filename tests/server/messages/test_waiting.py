"""How many messages may wait for an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.jid import JID
from server.storage import messages
from server.storage.errors import StorageUnavailable
from tests.harness.house import House

if TYPE_CHECKING:
    from tests.harness.house import Client

ANNA = JID.of("anna@example.org")
LIMIT = {"limits": {"pending_per_account": 3}}
REFUSED = (
    "<message type='error' id='{}' from='anna@example.org'><error type='cancel'>"
    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
)


async def write(ben: Client, *names: str, kind: str = "chat") -> None:
    for name in names:
        await ben.send(
            f"<message type='{kind}' id='{name}' to='anna@example.org'><body>x</body></message>"
        )


async def test_what_is_too_much_is_refused() -> None:
    """XEP-0160 §2: "If not (e.g., because the recipient's offline message queue is full) …"."""
    async with House(config=LIMIT) as house:
        await house.add_user("anna")
        ben = await house.online("ben/garden")
        await write(ben, "1", "2", "3")
        await ben.expect_nothing()
        await write(ben, "4")
        await ben.expect(REFUSED.format("4"))
        await write(ben, "news", kind="headline")
        await ben.expect_nothing()


async def test_what_waited_before_the_restart_counts() -> None:
    async with House(config=LIMIT) as house:
        await house.add_user("anna")
        await write(await house.online("ben/garden"), "1", "2")
        await house.restart()
        ben = await house.online("ben/garden")
        await write(ben, "3", "4")
        await ben.expect(REFUSED.format("4"))


async def test_who_cannot_be_counted_is_counted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with House(config=LIMIT) as house:
        await house.add_user("anna")
        await write(await house.online("ben/garden"), "1", "2")
        await house.restart()
        ben = await house.online("ben/garden")

        async def away(*_: object) -> None:
            raise StorageUnavailable("gone fishing")

        with monkeypatch.context() as patch:
            patch.setattr(messages, "weigh_pending", away)
            await write(ben, "3")
        await write(ben, "4", "5")
        await ben.expect(REFUSED.format("5"))


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_few_may_be_too_much_as_well(is_restarted: bool) -> None:
    limits = {"pending_bytes_per_account": "64KiB", "max_stanza_size": "64KiB"}
    large = "<message type='chat' id='{}' to='anna@example.org'><body>" + "x" * 30_000
    large += "</body></message>"
    async with House(config={"limits": limits}) as house:
        await house.add_user("anna")
        ben = await house.online("ben/garden")
        await ben.send(large.format("1") + large.format("2"))
        await ben.expect_nothing()
        if is_restarted:
            await house.restart()
            ben = await house.online("ben/garden")
            await write(ben, "small")  # until it is known what waits
        await ben.send(large.format("3"))
        await ben.expect(REFUSED.format("3"))
        await write(ben, "4")  # there is room for this one
        await ben.expect_nothing()
        await (await house.online("anna/balcony")).close()
        await ben.send(large.format("5") + large.format("6"))
        await ben.expect_nothing()


async def test_who_fetches_makes_room() -> None:
    async with House(config=LIMIT) as house:
        await house.add_user("anna")
        ben = await house.online("ben/garden")
        await write(ben, "1", "2", "3", "4")
        await ben.expect(REFUSED.format("4"))
        anna = await house.online("anna/balcony")
        await house.settle()
        await anna.close()
        await write(ben, "5", "6", "7")
        await ben.expect_nothing()
        await write(ben, "8")
        await ben.expect(REFUSED.format("8"))


async def test_devices_that_take_no_messages_do_not_help() -> None:
    async with House(config=LIMIT) as house:
        anna = await house.login("anna/balcony")
        await anna.send("<presence><priority>-1</priority></presence>")
        ben = await house.online("ben/garden")
        await write(ben, "1", "2", "3", "4")
        await ben.expect(REFUSED.format("4"))
        await anna.send("<presence/>")
        await write(ben, "5", "6", "7", "8")
        await ben.expect_nothing()


async def test_nothing_is_read_for_an_account_that_is_known_to_be_empty() -> None:
    async with House(config=LIMIT) as house:
        anna = await house.online("anna/balcony")
        await anna.close()
        account = house.server.hosts["example.org"].accounts.known(ANNA)
        assert account is not None
        assert not account.ledger.has_pending
        tasks = len(house.server.tasks)
        ben = await house.online("ben/garden")
        ben.say("<message type='chat' to='anna@example.org'><body>x</body></message>")
        assert len(house.server.tasks) == tasks
        assert account.waiting == 1
