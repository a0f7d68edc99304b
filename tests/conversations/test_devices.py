"""One person with several devices: copies, clients at rest, the archive (XEP-0280, 0352)."""

from __future__ import annotations

import pytest

from extensions.registry import ALL
from tests.harness.house import CORE, Client, House
from tests.harness.talk import SM, ask, authenticate, enable

EVERYTHING = (*CORE, *ALL)
CARBONS = "urn:xmpp:carbons:2"
BODY = "{jabber:client}body"


async def device(house: House, name: str, presence: str = "<presence/>") -> Client:
    """Online, with carbons."""
    client = await house.login(name)
    await client.send(f"<iq type='set' id='c'><enable xmlns='{CARBONS}'/></iq>")
    await client.expect("<iq type='result' id='c'/>")
    await client.send(presence)
    for each in house.clients:
        each.take_all()
    return client


def heard(client: Client) -> list[str]:
    """What came: "sent", "received" or "" for the message itself, and its text."""
    found = []
    for element in client.take_all():
        if not element.tag.endswith("message"):
            continue
        for kind in ("sent", "received"):
            copy = element.find(f"{{{CARBONS}}}{kind}")
            if copy is not None:
                assert element.get("from") == client.jid.bare  # §11: "by the user's bare JID"
                assert element.get("to") == client.jid
                text = next(copy.iter(BODY)).text
                found.append(f"{kind} {text}")
                break
        else:
            found.append(element.findtext(BODY) or "")
    return found


async def test_a_conversation() -> None:
    """XEP-0280 §6.1, §7, §8: every device has both sides, once."""
    async with House(EVERYTHING) as house:
        phone, laptop = await device(house, "anna/phone"), await device(house, "anna/laptop")
        ben = await device(house, "ben/b")
        await phone.send("<message type='chat' to='ben@example.org'><body>1</body></message>")
        await ben.send("<message type='chat' to='anna@example.org/phone'><body>2</body></message>")
        await ben.send("<message type='chat' to='anna@example.org'><body>3</body></message>")
        assert heard(ben) == ["1"]
        assert heard(phone) == ["2", "3"]
        assert heard(laptop) == ["sent 1", "received 2", "3"]


@pytest.mark.parametrize("to", ["anna@example.org", "anna@example.org/phone", ""])
async def test_a_note_to_oneself(to: str) -> None:
    """XEP-0280 §10.4: each device sees it once."""
    async with House(EVERYTHING) as house:
        phone, laptop = await device(house, "anna/phone"), await device(house, "anna/laptop")
        address = f" to='{to}'" if to else ""
        await laptop.send(f"<message type='chat'{address}><body>note</body></message>")
        assert heard(phone) == ["note"]
        assert len(heard(laptop)) == (0 if "/" in to else 1)


async def test_copies_reach_a_device_that_is_coming_back() -> None:
    """XEP-0198 §5: what is sent meanwhile waits, copies as well."""
    async with House(EVERYTHING) as house:
        phone, laptop = await device(house, "anna/phone"), await device(house, "anna/laptop")
        ben = await device(house, "ben/b")
        name = (await enable(laptop)).get("id")
        laptop.vanish()
        await phone.send("<message type='chat' to='ben@example.org'><body>1</body></message>")
        await ben.send("<message type='chat' to='anna@example.org'><body>2</body></message>")
        again = await authenticate(house, "anna")
        again.jid = laptop.jid
        await again.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await again.expect(f"<resumed xmlns='{SM}'/>")
        assert heard(again) == ["sent 1", "2"]
        await phone.send("<message type='chat' to='ben@example.org'><body>3</body></message>")
        assert heard(again) == ["sent 3"]


async def test_a_copy_is_no_delivery() -> None:
    """A message that one device has acknowledged is not pending, whoever else got a copy."""
    async with House(EVERYTHING) as house:
        phone, laptop = await device(house, "anna/phone"), await device(house, "anna/laptop")
        ben = await device(house, "ben/b")
        await enable(laptop)
        await ben.send("<message type='chat' to='anna@example.org/phone'><body>1</body></message>")
        assert heard(phone) == ["1"]
        assert heard(laptop) == ["received 1"]
        laptop.vanish()
        await phone.close()
        later = await device(house, "anna/later")
        assert heard(later) == []


async def test_a_client_at_rest_gets_messages_and_the_latest_presence() -> None:
    """XEP-0352 §3.2, §5: presence waits, only the last of each counts, messages do not wait."""
    async with House(EVERYTHING) as house:
        anna, other = await device(house, "anna/a"), await device(house, "anna/other")
        ben = await device(house, "ben/b")
        anna.take_all()
        await anna.send("<inactive xmlns='urn:xmpp:csi:0'/>")
        for show in ("away", "xa", "dnd"):
            await other.send(f"<presence><show>{show}</show></presence>")
        await anna.expect_nothing()
        await ben.send("<message type='chat' to='anna@example.org'><body>hi</body></message>")
        first, second = await anna.next(), await anna.next()
        assert first.findtext("{jabber:client}show") == "dnd"
        assert second.findtext(BODY) == "hi"
        await other.send("<presence/>")
        await anna.expect_nothing()
        await anna.send("<active xmlns='urn:xmpp:csi:0'/>")
        await anna.expect("<presence from='anna@example.org/other'/>")


async def test_what_rests_is_counted_when_it_is_sent() -> None:
    """XEP-0198 §4 with XEP-0352: what was held back was not sent, so nobody acknowledges it."""
    async with House(EVERYTHING) as house:
        anna, other = await device(house, "anna/a"), await device(house, "anna/other")
        anna.take_all()
        await enable(anna)
        await anna.send("<inactive xmlns='urn:xmpp:csi:0'/>")
        await other.send("<presence><show>away</show></presence>")
        await anna.expect_nothing()
        await anna.send(f"<a xmlns='{SM}' h='0'/>")
        assert await ask(anna) == 0
        await anna.send("<active xmlns='urn:xmpp:csi:0'/>")
        await anna.expect("<presence/>")
        await anna.send(f"<a xmlns='{SM}' h='1'/>")
        assert anna.line.is_open
