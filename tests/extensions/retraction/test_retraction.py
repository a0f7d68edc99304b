"""XEP-0424: what was taken back is gone from every archive, and is not handed out any more."""

import pytest

import extensions.retraction as retraction_room
from extensions.retraction import rules, store
from tests.extensions.chats import EVERYTHING, RETRACTED, archive, said
from tests.harness.house import Client, House

NS = "urn:xmpp:message-retract:1"
WRONG = "<message type='chat' to='{}' id='wrong-recipient-1'><body>Have not saints lips</body></message>"  # noqa: E501


def retraction(to: str, target: str = "wrong-recipient-1", name: str = "retract-message-1") -> str:
    return (
        f"<message type='chat' to='{to}' id='{name}'><retract id=\"{target}\" xmlns='{NS}'/>"
        f"<fallback xmlns='urn:xmpp:fallback:0' for='{NS}'/><body>/me retracted</body>"
        "<store xmlns='urn:xmpp:hints'/></message>"
    )


async def people(house: House) -> tuple[Client, Client]:
    return await house.online("romeo/orchard"), await house.online("lord/chamber")


async def test_both_archives_hold_a_tombstone() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(
            "<message type='chat' to='lord@example.org' id='a'><body>a</body></message>"
        )
        await romeo.send(WRONG.format("lord@example.org"))
        before = list(await archive(lord))
        house.clock.advance(62)
        await romeo.send(retraction("lord@example.org"))
        for client in (romeo, lord):
            found = await archive(client)
            assert list(found)[: len(before)] == before
            first, tombstone, last = found.values()
            assert first.get("id") == "a"
            assert tombstone.get("id") == "wrong-recipient-1"
            assert tombstone.get("type") == "chat"
            assert (tombstone.get("from"), tombstone.get("to")) == (romeo.jid, "lord@example.org")
            (retracted,) = tombstone
            assert retracted.tag == RETRACTED
            assert retracted.get("id") == last.get("id") == "retract-message-1"
            assert "T" in retracted.get("stamp", "")


async def test_what_nobody_has_got_yet_is_not_handed_out() -> None:
    async with House(EVERYTHING) as house:
        romeo = await house.online("romeo/orchard")
        await house.add_user("lord")
        await romeo.send(WRONG.format("lord@example.org"))
        await romeo.send(retraction("lord@example.org"))
        await house.settle()
        lord = await house.login("lord/chamber")
        await lord.send("<presence/>")
        got = [e.get("id") for e in lord.take_all() if e.tag == "{jabber:client}message"]
        assert got == ["retract-message-1"]
        account = house.server.hosts["example.org"].accounts.online(lord.jid.bare)
        assert account is not None
        assert not account.ledger.has_pending


async def test_corrections_go_with_the_original() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(WRONG.format("lord@example.org"))
        await romeo.send(
            "<message type='chat' to='lord@example.org' id='better'><body>better</body>"
            "<replace id='wrong-recipient-1' xmlns='urn:xmpp:message-correct:0'/></message>"
        )
        await romeo.send(retraction("lord@example.org"))
        assert await said(lord) == ["retracted", "retracted", "/me retracted"]


async def test_nobody_takes_back_what_others_wrote() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(WRONG.format("lord@example.org"))
        await lord.send(retraction("romeo@example.org"))
        tybalt = await house.online("tybalt/home")
        await tybalt.send(retraction("lord@example.org"))
        await tybalt.send(retraction("romeo@example.org"))
        assert (await said(lord))[0] == (await said(romeo))[0] == "Have not saints lips"


async def test_unknown_names_and_retractions_of_retractions_change_nothing() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(WRONG.format("lord@example.org"))
        await romeo.send(retraction("lord@example.org", "never-said"))
        await romeo.send(retraction("lord@example.org", "retract-message-1", "again"))
        assert await said(lord) == ["Have not saints lips", "/me retracted", "/me retracted"]


async def test_names_that_need_escaping() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        name = "it&apos;s &lt;&quot;&amp;&quot;&gt;"
        await romeo.send(f"<message to='lord@example.org' id='{name}'><body>x</body></message>")
        await romeo.send(retraction("lord@example.org", name, name + "2"))
        assert await said(lord) == ["retracted", "/me retracted"]


async def test_a_note_to_oneself_is_taken_back() -> None:
    async with House(EVERYTHING) as house:
        romeo = await house.online("romeo/orchard")
        await romeo.send(WRONG.format("romeo@example.org"))
        await romeo.send(retraction("romeo@example.org"))
        assert await said(romeo) == ["retracted", "/me retracted"]


async def test_occupants_of_a_room_are_different_people() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        phone = await house.online("romeo/phone")
        room = "<x xmlns='http://jabber.org/protocol/muc#user'/>"
        await romeo.send(
            "<message type='chat' to='lord@example.org' id='wrong-recipient-1'><body>x</body>"
            f"{room}</message>"
        )
        await phone.send(retraction("lord@example.org"))
        assert (await said(lord))[0] == "x"
        await romeo.send(retraction("lord@example.org"))
        assert (await said(lord))[0] == "retracted"


async def test_a_retraction_is_stored_whatever_it_says() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(WRONG.format("lord@example.org"))
        await romeo.send(
            f"<message to='lord@example.org' id='r'><retract id='wrong-recipient-1' xmlns='{NS}'/>"
            "<no-store xmlns='urn:xmpp:hints'/></message>"
        )
        assert await said(lord) == ["retracted", "retract"]


async def test_what_was_taken_but_not_done_is_done_after_a_restart() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(WRONG.format("lord@example.org"))
        extension = house.server.hosts["example.org"].service("retraction")
        extension._busy = True  # as if the server had stopped before it came to it
        await romeo.send(retraction("lord@example.org"))
        assert (await said(lord))[0] == "Have not saints lips"
        await house.restart()
        await house.settle()
        lord = await house.online("lord/chamber")
        assert await said(lord) == ["retracted", "/me retracted"]


async def test_features() -> None:
    async with House(EVERYTHING) as house:
        romeo = await house.online("romeo/orchard")
        for to in ("example.org", "romeo@example.org"):
            await romeo.send(
                f"<iq type='get' to='{to}' id='d'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
            )
            answer = await romeo.next()
            features = {each.get("var") for each in answer[0]}
            assert {NS, f"{NS}#tombstone"} <= features


async def test_one_that_cannot_be_carried_out_does_not_keep_others_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(WRONG.format("lord@example.org"))
        with monkeypatch.context() as broken:
            broken.setattr(rules, "read", None)
            await romeo.send(retraction("lord@example.org"))
            await house.settle()
        assert (await said(lord))[0] == "Have not saints lips"
        await romeo.send(retraction("lord@example.org", name="again"))
        assert (await said(lord))[0] == "retracted"
        assert await house.database.fetch("SELECT * FROM retraction") == []


async def test_a_stranger_makes_nobody_search_the_whole_archive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "LOOKED_AT", 3)
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        for number in range(5):
            to = "romeo@example.org" if number else "lord@example.org"
            await romeo.send(
                f"<message type='chat' to='{to}' id='{number}'><body>x</body></message>"
            )
        await house.settle()
        account = romeo.session.account.id

        async def found(before: int) -> int:
            return len(await store.earlier(house.database, account, lord.jid.bare, before, 10))

        rows = await house.database.fetch("SELECT id FROM archive WHERE account = $1", account)
        first, *others = sorted(row[0] for row in rows)
        assert await found(first + 1) == 1
        assert await found(others[-1] + 1) == 0


async def test_large_messages_are_looked_through_in_smaller_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retraction_room, "BYTES", 1000)
    monkeypatch.setattr(retraction_room, "PORTION", 2)
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(WRONG.format("lord@example.org"))
        for number in range(4):
            large = f"<body>{'x' * 1000}</body>"
            await romeo.send(f"<message to='lord@example.org' id='{number}'>{large}</message>")
        await romeo.send(retraction("lord@example.org"))
        await house.settle()
        found = await archive(lord)
        assert next(iter(found.values())).find(RETRACTED) is None


async def test_what_looks_like_a_tombstone_is_taken_back_all_the_same() -> None:
    async with House(EVERYTHING) as house:
        romeo, lord = await people(house)
        await romeo.send(
            "<message type='chat' to='lord@example.org' id='wrong-recipient-1' xmlns:q='urn:q'>"
            f"<retracted xmlns='{NS}' id='x' q:a='1'/><body>Have not saints lips</body></message>"
        )
        await romeo.send(retraction("lord@example.org"))
        for client in (romeo, lord):
            first = next(iter((await archive(client)).values()))
            assert first.find("{jabber:client}body") is None
