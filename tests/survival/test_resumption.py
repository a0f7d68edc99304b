"""Connections cut again and again: resumed, or given up, without loss, doubles or disorder."""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  a seed makes every cut repeatable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tests.survival.archive import read_archive
from tests.survival.chat import message
from tests.survival.client import Client
from tests.survival.process import BUSY, ServerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.survival.client import Element

SEED: Final = 2
MESSAGES: Final = 1500
CUTS: Final = 25
_DELAY: Final = "{urn:xmpp:delay}delay"


@asynccontextmanager
async def serving(tmp_path: Path, resume_timeout: str = "10m") -> AsyncIterator[ServerProcess]:
    """A server with anna, ben and carol."""
    settings: Mapping[str, Mapping[str, object]] = {
        **BUSY,
        "stream_management": {"resume_timeout": resume_timeout},
    }
    async with ServerProcess(tmp_path, settings) as server:
        await server.add_users(["anna", "ben", "carol"])
        yield server
        assert server.is_alive
        assert not server.crashes(), server.told()


async def test_cut_and_resumed_in_the_middle_of_everything(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    async with serving(tmp_path) as server:
        anna, ben = [await Client.online(server.port, name) for name in ("anna", "ben")]
        async with asyncio.TaskGroup() as group:
            for client, peer in ((anna, "ben"), (ben, "anna")):
                group.create_task(write_and_be_cut(client, peer, random.Random(chance.random())))
        for client, peer in ((anna, "ben"), (ben, "anna")):
            expected = [f"{peer}.{number}" for number in range(MESSAGES)]
            await client.until(lambda c=client: len(c.bodies()) >= MESSAGES)  # type: ignore[misc]
            assert client.bodies() == expected
        entries = [entry.body for entry in await read_archive(anna)]
        for name in ("anna", "ben"):
            mine = [body for body in entries if body.startswith(f"{name}.")]
            assert mine == [f"{name}.{number}" for number in range(MESSAGES)]


async def write_and_be_cut(client: Client, peer: str, chance: random.Random) -> None:
    """Write to the peer; at some places, drop the connection and take up the session."""
    cuts = set(chance.sample(range(MESSAGES), CUTS))
    for number in range(MESSAGES):
        await client.send(message(peer, f"{client.local}.{number}"))
        if number % 5 == 0:
            client.ask()
        if number in cuts:
            if chance.random() < 0.5:
                await asyncio.sleep(0)  # let some of it leave, or arrive
            assert await client.resume()
        if len(client.waiting) > 50:
            await client.settled()
    await client.settled()


async def test_two_resumptions_at_once_leave_one(tmp_path: Path) -> None:
    """A client that is impatient comes twice; the session must not hang between the two."""
    async with serving(tmp_path) as server:
        anna, ben = [await Client.online(server.port, name) for name in ("anna", "ben")]
        for number in range(30):
            await anna.send(message("ben", str(number)))
            await anna.stop()
            rivals = [twin(anna) for _ in range(2)]
            async with asyncio.TaskGroup() as group:
                resumed = [group.create_task(rival.resume()) for rival in rivals]
            # The later one has it, or the first; the other one is told or closed.
            winners = [
                rival
                for rival, task in zip(rivals, resumed, strict=True)
                if task.result() and not rival.is_closed
            ]
            assert winners
            anna = winners[-1]
            for rival in rivals:
                if rival is not anna:
                    await rival.stop()
            if anna.is_closed or not await answers(anna):
                assert await anna.resume()
            await anna.settled()
        await ben.until(lambda: len(ben.bodies()) >= 30)
        assert ben.bodies() == [str(number) for number in range(30)]


def twin(client: Client) -> Client:
    """Another connection of the same device, which knows what the first knew."""
    other = Client(client.port, client.local)
    for name in ("resume_id", "resource", "acknowledged", "handled", "confirmed", "_enabled"):
        setattr(other, name, getattr(client, name))
    other.waiting = client.waiting.copy()
    other.received = list(client.received)
    other._bodies = list(client._bodies)
    return other


async def answers(client: Client) -> bool:
    """Whether the connection works."""
    start = len(client.received)
    await client.send("<iq type='get' id='there'><ping xmlns='urn:xmpp:ping'/></iq>")
    await client.until(lambda: client.is_closed or len(client.received) > start)
    return not client.is_closed


async def test_a_session_that_dies_gives_back_what_it_had_not_acknowledged(tmp_path: Path) -> None:
    async with serving(tmp_path, "1s") as server:
        anna = await Client.online(server.port, "anna")
        ben = await watched(await Client.online(server.port, "ben"), anna)
        ben.answers = False
        for number in range(300):
            await anna.send(message("ben", str(number)))
        await anna.settled()
        await ben.until(lambda: len(ben.bodies()) == 300)
        ben.handled = 100  # a hundred stanzas are acknowledged, one of which is not a message
        acknowledged = len(ben.bodies(0, 100))
        ben.acknowledge()
        await ben.ping()
        await ben.stop()
        before = datetime.now(UTC)  # noqa: TID251  compared with a stamp of the server's
        await until_gone(ben, anna)

        again = await Client.online(server.port, "ben", "other")
        await again.until(lambda: len(again.bodies()) >= 300 - acknowledged)
        await again.settled()
        assert again.bodies() == [str(number) for number in range(acknowledged, 300)]
        for stanza in messages(again):
            stamp = stanza.find(_DELAY).get("stamp")  # type: ignore[union-attr]
            assert datetime.fromisoformat(stamp or "") <= before
            assert len(stanza.findall(_DELAY)) == 1
        await again.goodbye()
        third = await Client.online(server.port, "ben")
        assert await nothing_comes(anna, third)


async def test_what_a_dying_session_had_goes_to_another_device(tmp_path: Path) -> None:
    async with serving(tmp_path, "1s") as server:
        anna = await Client.online(server.port, "anna")
        phone = await Client.online(server.port, "ben", "phone")
        laptop = await Client.online(server.port, "ben", "laptop")
        for device in (phone, laptop):
            await watched(device, anna)
            device.answers = False
        for number in range(60):
            await anna.send(message("ben@localhost/phone", str(number)))
        await anna.settled()
        await phone.until(lambda: len(phone.bodies()) >= 60)
        phone.handled = 20
        acknowledged = len(phone.bodies(0, 20))
        phone.acknowledge()
        await phone.ping()
        await phone.stop()
        due = [str(number) for number in range(acknowledged, 60)]
        await laptop.until(lambda: len(laptop.bodies()) >= len(due))
        assert laptop.bodies() == due
        assert all(stanza.find(_DELAY) is not None for stanza in messages(laptop))
        # That device dies too: then the messages wait, and come once.
        await laptop.stop()
        await until_gone(laptop, anna)
        tablet = await Client.online(server.port, "ben", "tablet")
        await tablet.until(lambda: len(tablet.bodies()) >= len(due))
        assert await nothing_comes(anna, tablet)
        assert tablet.bodies()[: len(due)] == due


async def test_two_devices_come_at_once_and_one_dies_while_it_is_given_what_waits(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, "1s") as server:
        anna = await Client.online(server.port, "anna")
        for number in range(1200):
            await anna.send(message("ben", str(number)))
        await anna.settled()
        phone = await Client.login(server.port, "ben", "phone")
        laptop = await Client.login(server.port, "ben", "laptop")
        await phone.enable()
        await laptop.enable()
        phone.answers = False
        await phone.send("<presence/>")
        await phone.until(lambda: len(phone.bodies()) > 0)
        phone.listen(False)
        await laptop.send("<presence/>")
        await laptop.settled()
        await phone.stop()
        await laptop.until(lambda: len(laptop.bodies()) >= 1200)
        assert await nothing_comes(anna, laptop)
        assert laptop.bodies()[:1200] == [str(number) for number in range(1200)]


async def test_what_was_acknowledged_does_not_come_again_when_the_rest_was_not(
    tmp_path: Path,
) -> None:
    """A device takes the first part of a long backlog, acknowledges it and goes."""
    async with serving(tmp_path) as server:
        anna = await Client.online(server.port, "anna")
        for number in range(3000):
            await anna.send(message("ben", str(number)))
        await anna.settled()
        ben = await Client.online(server.port, "ben")
        ben.answers = False
        await ben.until(lambda: len(ben.bodies()) >= 150)
        ben.acknowledge()
        had = len(ben.bodies())
        await ben.ping()
        ben.write("</stream:stream>")
        await ben.until(lambda: ben.is_closed)
        await ben.stop()
        again = await Client.online(server.port, "ben")
        await again.until(lambda: again.bodies()[-1:] == ["2999"])
        assert again.bodies() == [str(number) for number in range(had, 3000)]


async def test_a_message_before_presence_comes_once_and_in_order(tmp_path: Path) -> None:
    """It arrives while the device is bound but not available, and older ones still wait."""
    async with serving(tmp_path) as server:
        anna = await Client.online(server.port, "anna")
        await anna.send(message("ben", "first"))
        await anna.settled()
        ben = await Client.login(server.port, "ben")
        await ben.enable()
        await anna.send(message("ben", "second"))
        await anna.settled()
        await ben.send("<presence/>")
        await anna.send(message("ben", "third"))
        await ben.until(lambda: len(ben.bodies()) >= 3)
        assert await nothing_comes(anna, ben)
        assert ben.bodies()[:3] == ["first", "second", "third"]


async def test_a_message_to_oneself(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        phone = await Client.online(server.port, "anna", "phone")
        laptop = await Client.online(server.port, "anna", "laptop")
        await phone.send(message("anna", "note"))
        await phone.settled()
        for device in (phone, laptop):
            await device.until(lambda d=device: d.bodies() == ["note"])  # type: ignore[misc]
        assert [entry.body for entry in await read_archive(phone)] == ["note"]
        for device in (phone, laptop):
            await device.goodbye()
        await server.terminate()
        await server.start()
        again = await Client.online(server.port, "anna", "phone")
        ben = await Client.online(server.port, "ben")
        assert await nothing_comes(ben, again)


# -- what all need --


def messages(client: Client) -> list[Element]:
    return [each for each in client.received if each.tag == "{jabber:client}message"]


async def nothing_comes(other: Client, client: Client) -> bool:
    """Whether a message that is sent now is the next one that comes."""
    await client.settled()
    before = len(client.bodies())
    await other.send(message(client.local, "end"))
    await client.until(lambda: "end" in client.bodies())
    return len(client.bodies()) == before + 1


async def watched(client: Client, watcher: Client) -> Client:
    """Let somebody know when the session ends."""
    await client.send(f"<presence to='{watcher.jid}/{watcher.resource}'/>")
    return client


async def until_gone(client: Client, watcher: Client) -> None:
    """Wait until a session cannot be resumed any more: who was told of it is told of its end."""
    who = f"{client.jid}/{client.resource}"
    await watcher.until(
        lambda: any(
            each.get("from") == who and each.get("type") == "unavailable"
            for each in watcher.received
        )
    )
