"""Messages for those who are away (XEP-0160, XEP-0203, XEP-0334; RFC 6121 §8.5.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.jid import JID
from server.storage import messages
from tests.harness.house import House
from tests.harness.talk import BODY, SM, enable

if TYPE_CHECKING:
    from server.element import Element
    from tests.harness.house import Client

DELAY = "{urn:xmpp:delay}delay"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
CHAT_STATE = "<{} xmlns='http://jabber.org/protocol/chatstates'/>"


def hint(name: str) -> str:
    return f"<{name} xmlns='urn:xmpp:hints'/>"


async def write(ben: Client, *texts: str) -> None:
    for text in texts:
        await ben.send(
            f"<message type='chat' id='{text}' to='anna@example.org'><body>{text}</body></message>"
        )


async def arrive(house: House, resource: str = "a", presence: str = "<presence/>") -> Client:
    """A new device of anna's; what was pending is in its inbox, its own presence is not."""
    anna = await house.login(f"anna/{resource}")
    await anna.send(presence)
    for own in [e for e in anna.inbox if e.tag.endswith("presence")]:
        anna.inbox.remove(own)
    return anna


def bodies(elements: list[Element]) -> list[str | None]:
    return [element.findtext("{jabber:client}body") for element in elements]


async def pending(house: House, name: str = "anna") -> int:
    """How many messages wait for the account."""
    jid = JID.of(f"{name}@example.org")
    account = await house.server.hosts["example.org"].accounts.load(jid)
    assert account is not None
    return await messages.count_pending(house.database, account.id, account.ledger.cursor)


# -- kept, and delivered once --


async def test_in_order_with_stamp_and_identifier() -> None:
    """XEP-0160 §2: upon available presence, with the time at which each was stored (XEP-0203)."""
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        for text in ("1", "2", "3"):
            await write(ben, text)
            house.clock.advance(60)
        await ben.expect_nothing()
        anna = await arrive(house)
        found = anna.take_all()
        assert bodies(found) == ["1", "2", "3"]
        assert [e.get("id") for e in found] == ["1", "2", "3"]
        assert {e.get("from") for e in found} == {"ben@example.org/b"}
        stamps = [e.find(DELAY) for e in found]
        assert [d.get("stamp") for d in stamps if d is not None] == [
            f"2023-11-14T22:{13 + minute}:20.000Z" for minute in range(3)
        ]
        assert {d.get("from") for d in stamps if d is not None} == {"example.org"}
        ids = [e.find(STANZA_ID) for e in found]
        assert {i.get("by") for i in ids if i is not None} == {"anna@example.org"}
        names = [i.get("id", "") for i in ids if i is not None]
        assert names == sorted(set(names))
        assert len(names) == 3


async def test_only_once() -> None:
    async with House() as house:
        await house.add_user("anna")
        await write(await house.online("ben/b"), "hi")
        anna = await arrive(house)
        assert bodies(anna.take_all()) == ["hi"]
        await anna.send("<presence/>")
        anna.take_all()
        other = await arrive(house, "other")
        await other.expect_nothing()
        await anna.close()
        await other.close()
        await (await arrive(house)).expect_nothing()
        assert await pending(house) == 0


async def test_after_a_restart() -> None:
    async with House() as house:
        await house.add_user("anna")
        await write(await house.online("ben/b"), "1")
        await house.restart()
        await write(await house.online("ben/b"), "2")
        found = (await arrive(house)).take_all()
        assert bodies(found) == ["1", "2"]
        await house.restart()
        await (await arrive(house)).expect_nothing()


@pytest.mark.parametrize("to", ["anna@example.org", "anna@example.org/a"])
async def test_what_was_delivered_at_once_does_not_wait(to: str) -> None:
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        await ben.send(f"<message type='chat' to='{to}'>{BODY}</message>")
        assert bodies(anna.take_all()) == ["hi"]
        anna.vanish()
        assert await pending(house) == 0
        await (await arrive(house)).expect_nothing()
        await house.restart()
        await (await arrive(house)).expect_nothing()


async def test_once_for_all() -> None:
    """What was written before a restart and read after it does not come again after the next."""
    async with House() as house:
        await house.add_user("anna")
        await write(await house.online("ben/b"), "1", "2")
        await house.restart()
        assert bodies((await arrive(house)).take_all()) == ["1", "2"]
        await house.restart()
        await (await arrive(house)).expect_nothing()


async def test_not_before_presence() -> None:
    """XEP-0160 §2: "when the recipient next sends non-negative available presence"."""
    async with House() as house:
        await house.add_user("anna")
        await write(await house.online("ben/b"), "hi")
        anna = await house.login("anna/a")
        await anna.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        anna.take_all()
        await anna.expect_nothing()
        await anna.send("<presence/>")
        assert "hi" in bodies(anna.take_all())


async def test_not_to_negative_priority() -> None:
    """RFC 6121 §8.5.2.2, XEP-0160 §2."""
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await write(ben, "1")
        anna = await arrive(house, presence="<presence><priority>-1</priority></presence>")
        await anna.expect_nothing()
        await write(ben, "2")
        await anna.expect_nothing()
        await anna.send("<presence><priority>0</priority></presence>")
        found = [e for e in anna.take_all() if e.tag.endswith("message")]
        assert bodies(found) == ["1", "2"]


async def test_not_to_directed_presence() -> None:
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await write(ben, "hi")
        anna = await arrive(house, presence="<presence to='ben@example.org'/>")
        await anna.expect_nothing()


async def test_what_comes_meanwhile_comes_after() -> None:
    """RFC 6120 §10.1: order is kept between what waited and what is new."""
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        for n in range(30):
            await write(ben, str(n))
        anna = await house.login("anna/a")
        anna.say("<presence/>")
        for n in range(30, 35):
            ben.say(f"<message type='chat' to='anna@example.org'><body>{n}</body></message>")
        await house.settle()
        found = [e for e in anna.take_all() if e.tag.endswith("message")]
        assert bodies(found) == [str(n) for n in range(35)]
        assert found[-1].find(DELAY) is None


async def test_more_than_one_portion() -> None:
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        total = 450
        await ben.send(
            "".join(
                f"<message to='anna@example.org'><body>{n}</body></message>" for n in range(total)
            )
        )
        found = (await arrive(house)).take_all()
        assert bodies(found) == [str(n) for n in range(total)]
        assert await pending(house) == 0


async def test_two_devices_that_arrive_together() -> None:
    """A message waits for the account: one device has it from here, the other from the archive."""
    async with House() as house:
        await house.add_user("anna")
        await write(await house.online("ben/b"), "1", "2")
        one, two = await house.login("anna/1"), await house.login("anna/2")
        one.say("<presence/>")
        two.say("<presence/>")
        await house.settle()
        found = [e for e in (*one.take_all(), *two.take_all()) if e.tag.endswith("message")]
        assert sorted(filter(None, bodies(found))) == ["1", "2"]


async def test_pending_until_it_is_acknowledged() -> None:
    """XEP-0198 §4: what the device has not acknowledged goes back."""
    async with House() as house:
        await house.add_user("anna")
        await write(await house.online("ben/b"), "1", "2", "3")
        anna = await house.login("anna/a")
        await enable(anna, resume=False)
        await anna.send("<presence/>")
        assert [b for b in bodies(anna.take_all()) if b] == ["1", "2", "3"]
        await anna.send(f"<a xmlns='{SM}' h='2'/>")  # her presence, and "1"
        anna.vanish()
        await house.settle()
        later = await arrive(house)
        assert bodies(later.take_all()) == ["2", "3"]


async def test_the_senders_own_delay_stays() -> None:
    """XEP-0203 §2: others may have added theirs; ours says when we stored it."""
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await ben.send(
            "<message to='anna@example.org'><body>hi</body>"
            "<delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/></message>"
        )
        (found,) = (await arrive(house)).take_all()
        assert {d.get("from") for d in found.findall(DELAY)} == {None, "example.org"}


# -- what is not kept (XEP-0160 §3, XEP-0334 §4) --


@pytest.mark.parametrize(
    ("message", "is_kept"),
    [
        (f"<message to='anna@example.org'>{BODY}</message>", True),
        (f"<message type='normal' to='anna@example.org'>{BODY}</message>", True),
        (f"<message type='chat' to='anna@example.org'>{BODY}</message>", True),
        (f"<message type='chat' to='anna@example.org/gone'>{BODY}</message>", True),
        (f"<message type='headline' to='anna@example.org'>{BODY}</message>", False),
        (f"<message type='error' to='anna@example.org'>{BODY}</message>", False),
        # "messages that contain only Chat State Notifications content … SHOULD NOT be stored"
        *(
            (f"<message type='chat' to='anna@example.org'>{CHAT_STATE.format(s)}</message>", False)
            for s in ("active", "composing", "paused", "inactive", "gone")
        ),
        (
            f"<message type='chat' to='anna@example.org'>{CHAT_STATE.format('composing')}"
            "<thread>t</thread></message>",
            False,
        ),
        (
            f"<message type='chat' to='anna@example.org'>{BODY}{CHAT_STATE.format('active')}"
            "</message>",
            True,
        ),
        # receipts and markers are part of the conversation (XEP-0184, XEP-0333)
        (
            "<message to='anna@example.org'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
            True,
        ),
        # XEP-0334 §4.1 to §4.4
        (f"<message to='anna@example.org'>{BODY}{hint('no-store')}</message>", False),
        (f"<message to='anna@example.org'>{BODY}{hint('no-permanent-store')}</message>", True),
        (
            f"<message type='chat' to='anna@example.org'>{CHAT_STATE.format('active')}"
            f"{hint('store')}</message>",
            True,
        ),
    ],
)
async def test_what_is_kept(message: str, is_kept: bool) -> None:
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await ben.send(message)
        await ben.expect_nothing()
        anna = await arrive(house)
        assert len(anna.take_all()) == is_kept


async def test_room_messages_are_refused() -> None:
    """RFC 6121 §8.5.2.2.1: groupchat is answered with service-unavailable."""
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await ben.send(f"<message type='groupchat' to='anna@example.org'>{BODY}</message>")
        await ben.expect("<message type='error'/>")
        await (await arrive(house)).expect_nothing()


async def test_a_message_to_oneself_waits_too() -> None:
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send(f"<message type='chat' to='anna@example.org'>{BODY}</message>")
        await anna.expect_nothing()
        later = await arrive(house, "later")
        (found,) = later.take_all()
        assert found.get("from") == "anna@example.org/a"


# -- a disk that fails --


async def test_nothing_is_promised_when_nothing_can_be_stored() -> None:
    """RFC 6120 §8.3.3.18 resource-constraint, and not a silent loss."""
    async with House() as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await write(ben, "1")
        house.server.journal.failing = True
        await write(ben, "2")
        found = await ben.expect("<message type='error' id='2' from='anna@example.org'/>")
        assert found.find("{jabber:client}error").get("type") == "wait"  # type: ignore[union-attr]
        # What needs no storing passes.
        await ben.send(
            f"<message type='chat' to='anna@example.org'>{CHAT_STATE.format('gone')}</message>"
        )
        await ben.expect_nothing()
        house.server.journal.failing = False
        assert bodies((await arrive(house)).take_all()) == ["1"]
