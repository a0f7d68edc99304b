"""Rosters as clients see them (RFC 6121 §2), with a whole server around."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.harness.house import House

if TYPE_CHECKING:
    from tests.harness.house import Client

QUERY = "<query xmlns='jabber:iq:roster'{}>{}</query>"
BEN = "<item jid='ben@example.org'{}/>"


def get(version: str | None = None) -> str:
    ver = "" if version is None else f" ver='{version}'"
    return f"<iq type='get' id='get'>{QUERY.format(ver, '')}</iq>"


def set_(*items: str) -> str:
    return f"<iq type='set' id='set'>{QUERY.format('', ''.join(items))}</iq>"


def result(*items: str) -> str:
    return f"<iq type='result' id='get'>{QUERY.format('', ''.join(items))}</iq>"


def push(item: str) -> str:
    return f"<iq type='set' id='…' from=''>{QUERY.format('', item)}</iq>"


DONE = "<iq type='result' id='set'/>"


def error(condition: str, type_: str) -> str:
    return (
        f"<iq type='error' id='set'><error type='{type_}'>"
        f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )


def version_of(client: Client) -> str:
    """The newest roster version that the client was told."""
    return versions_in(client)[-1]


def versions_in(client: Client) -> list[str]:
    """Every roster version that the client was told, in order."""
    return re.findall(r"jabber:iq:roster' ver='([^']*)'", client.said.decode())


# -- reading (§2.2) --


async def test_empty_roster() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get())
        assert len((await anna.expect(result()))[0]) == 0


async def test_own_bare_address_means_the_same() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get().replace("<iq ", "<iq to='anna@example.org' "))
        await anna.expect("<iq type='result' from='anna@example.org'/>")


async def test_rosters_of_others_are_private() -> None:
    """§2.1.5, §2.3.3: only the owner may read or change a roster."""
    async with House() as house:
        await house.add_user("ben")
        anna = await house.login("anna")
        for request in (get(), set_(BEN.format(""))):
            await anna.send(request.replace("<iq ", "<iq to='ben@example.org' "))
            await anna.expect("<iq type='error' from='ben@example.org'/>")


async def test_features() -> None:
    async with House() as house:
        anna = await house.login("anna")
        assert b"<ver xmlns='urn:xmpp:features:rosterver'/>" in anna.said
        assert b"<sub xmlns='urn:xmpp:features:pre-approval'/>" in anna.said


# -- changing (§2.3 to §2.5) --


async def test_add_is_pushed_to_every_interested_device() -> None:
    async with House() as house:
        one, two, three = [await house.login(f"anna/{n}") for n in (1, 2, 3)]
        for device in (one, two):
            await device.send(get())
            await device.expect(result())
        await one.send(set_("<item jid='ben@example.org' name='B'><group>Friends</group></item>"))
        item = (
            "<item jid='ben@example.org' name='B' subscription='none'><group>Friends</group></item>"
        )
        pushed = await one.expect(push(item))
        assert pushed.get("to") == "anna@example.org/1"
        await one.expect(DONE)
        assert (await two.expect(push(item))).get("to") == "anna@example.org/2"
        await three.expect_nothing()
        await three.send(get())
        await three.expect(result(item))


async def test_change_replaces_name_and_groups() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get())
        await anna.send(set_("<item jid='ben@example.org' name='B'><group>Friends</group></item>"))
        await anna.send(set_("<item jid='ben@example.org' name='Ben'/>"))
        anna.take_all()
        await anna.send(get())
        found = await anna.expect(result(BEN.format(" name='Ben' subscription='none'")))
        assert len(found[0][0]) == 0


async def test_remove() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get())
        await anna.send(set_(BEN.format("")))
        anna.take_all()
        await anna.send(set_(BEN.format(" subscription='remove'")))
        await anna.expect(push(BEN.format(" subscription='remove'")))
        await anna.expect(DONE)
        await anna.send(set_(BEN.format(" subscription='remove'")))
        await anna.expect(error("item-not-found", "cancel"))


async def test_refusals() -> None:
    async with House(config={"limits": {"max_roster_items": 1}}) as house:
        anna = await house.login("anna")
        await anna.send(set_())
        await anna.expect(error("bad-request", "modify"))
        await anna.send(set_(BEN.format(""), BEN.format("")))
        await anna.expect(error("bad-request", "modify"))
        await anna.send(set_("<item jid='anna@example.org'/>"))
        await anna.expect(error("not-allowed", "cancel"))
        await anna.send(set_("<item jid='ben@example.org'><group/></item>"))
        await anna.expect(error("not-acceptable", "modify"))
        await anna.send(set_(BEN.format("")))
        await anna.expect(DONE)
        await anna.send(set_("<item jid='carl@example.org'/>"))
        await anna.expect(error("resource-constraint", "wait"))


async def test_subscription_cannot_be_set() -> None:
    """§2.1.2.5: the server MUST ignore any value but remove."""
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(set_(BEN.format(" subscription='both' ask='subscribe' approved='true'")))
        await anna.expect(DONE)
        await anna.send(get())
        item = BEN.format(" subscription='none' ask='' approved=''")
        await anna.expect(result(item))


async def test_a_change_survives_a_restart() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(set_("<item jid='ben@example.org' name='B'><group>Friends</group></item>"))
        await anna.expect(DONE)
        await house.restart()
        anna = await house.login("anna")
        await anna.send(get())
        await anna.expect(
            result("<item jid='ben@example.org' name='B'><group>Friends</group></item>")
        )


# -- versions (§2.6) --


async def test_nothing_new() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get(""))
        await anna.send(set_(BEN.format("")))
        version = version_of(anna)
        anna.take_all()
        await anna.send(get(version))
        answer = await anna.expect("<iq type='result' id='get'/>")
        assert len(answer) == 0
        await anna.expect_nothing()


async def test_only_what_changed() -> None:
    """§2.6.3: an empty result, then pushes in the order of the changes."""
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get(""))
        for number in range(8):
            await anna.send(set_(f"<item jid='friend{number}@example.org'/>"))
        version = version_of(anna)
        await anna.send(set_("<item jid='friend3@example.org' name='Three'/>"))
        await anna.send(set_("<item jid='friend1@example.org' subscription='remove'/>"))
        newest = version_of(anna)
        await house.restart()
        anna = await house.login("anna")
        await anna.send(get(version))
        answer = await anna.expect("<iq type='result' id='get'/>")
        assert len(answer) == 0
        await anna.expect(push("<item jid='friend3@example.org' name='Three'/>"))
        await anna.expect(push("<item jid='friend1@example.org' subscription='remove'/>"))
        await anna.expect_nothing()
        assert version_of(anna) == newest


async def test_the_whole_is_sent_when_that_is_less_or_the_version_unknown() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get(""))
        version = version_of(anna)
        for number in range(4):
            await anna.send(set_(f"<item jid='friend{number}@example.org'/>"))
        anna.take_all()
        for held in (version, "of another server", "ffffffffffffffff"):
            await anna.send(get(held))
            assert len((await anna.expect(result()))[0]) == 4
        await anna.expect_nothing()


async def test_versions_of_pushes_grow() -> None:
    async with House() as house:
        anna = await house.login("anna")
        await anna.send(get(""))
        for number in range(3):
            await anna.send(set_(f"<item jid='friend{number}@example.org'/>"))
        versions = versions_in(anna)
        assert len(versions) == 4
        assert versions == sorted(set(versions))
