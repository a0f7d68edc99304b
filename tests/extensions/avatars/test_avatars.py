"""XEP-0398 §3: avatars of nodes are in vCards, avatars of vCards are in nodes."""

import pytest

from extensions.avatars import images
from extensions.avatars.images import DATA, METADATA
from server.element import Element
from server.extension import At
from tests.extensions.avatars.pictures import (
    JPEG,
    PNG,
    data_item,
    encoded,
    get_card,
    hash_of,
    info,
    metadata_item,
    photo,
    put_card,
    show,
)
from tests.extensions.pubsub.people import (
    EVERYTHING,
    arrive,
    ask,
    befriend,
    condition,
    events,
    item_ids,
    options,
    publish,
)
from tests.harness.house import House

JULIET = "juliet@example.org"


def binval(answer: Element) -> str | None:
    return answer[0].findtext("{vcard-temp}PHOTO/{vcard-temp}BINVAL")


async def test_a_published_avatar_is_in_the_vcard() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        stranger = await house.login("paris/tablet")
        await put_card(juliet, "<FN>Juliet</FN>")
        await show(juliet, PNG)
        for client in (juliet, stranger):
            answer = await get_card(client, JULIET)
            assert binval(answer) == encoded(PNG)
            assert answer[0].findtext("{vcard-temp}PHOTO/{vcard-temp}TYPE") == "image/png"
            assert answer[0].findtext("{vcard-temp}FN") == "Juliet"


async def test_also_where_there_is_no_vcard_and_after_a_restart() -> None:
    async with House(EVERYTHING) as house:
        await show(await arrive(house, "juliet/chamber"), PNG)
        await house.restart()
        assert binval(await get_card(await house.login("paris/tablet"), JULIET)) == encoded(PNG)


async def test_what_a_crash_kept_from_being_announced_is_found_when_somebody_asks() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        await show(juliet, PNG)
        house.server.hosts["example.org"].service("pubsub").engine.watchers.clear()
        await show(juliet, JPEG)
        await house.restart()
        juliet = await arrive(house, "juliet/chamber")
        await get_card(juliet, JULIET)
        await house.settle()
        assert binval(await get_card(juliet, JULIET)) == encoded(JPEG)


async def test_who_may_not_see_the_node_does_not_see_it_in_the_vcard() -> None:
    """§7."""
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/chamber")
        romeo = await arrive(house, "romeo/orchard")
        stranger = await house.login("paris/tablet")
        await show(juliet, PNG, "presence")
        assert binval(await get_card(romeo, JULIET)) == encoded(PNG)
        assert condition(await get_card(stranger, JULIET)) == "service-unavailable"


async def test_a_disabled_avatar_goes_from_the_vcard() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        await put_card(juliet, "<FN>Juliet</FN>")
        await show(juliet, PNG)
        await publish(juliet, METADATA, metadata_item())
        await house.settle()
        assert binval(await get_card(juliet)) is None


@pytest.mark.parametrize(
    "item",
    [
        metadata_item(info(PNG, more="url='http://avatars.example.org/happy.png'")),
        metadata_item(info(PNG, name="0" * 40)),
        metadata_item(info(JPEG)),
        "<item id='x'><junk xmlns='urn:x'/></item>",
    ],
)
async def test_what_is_not_there_or_is_elsewhere_is_not_converted(item: str) -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        await publish(juliet, DATA, data_item(PNG))
        await publish(juliet, METADATA, item)
        await house.settle()
        assert condition(await get_card(juliet)) == "item-not-found"


async def test_the_hash_is_checked() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        await publish(juliet, DATA, data_item(PNG, name=hash_of(JPEG)))
        await publish(juliet, METADATA, metadata_item(info(JPEG)))
        await house.settle()
        assert condition(await get_card(juliet)) == "item-not-found"


async def test_the_order_of_both_publications_does_not_matter() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        await publish(juliet, METADATA, metadata_item(info(PNG)))
        await publish(juliet, DATA, data_item(PNG))
        await house.settle()
        assert binval(await get_card(juliet)) == encoded(PNG)


async def test_images_have_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 100)
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        large = PNG + b"x" * 100
        assert condition(await publish(juliet, DATA, data_item(large))) == "not-acceptable"
        assert condition(await put_card(juliet, photo(large))) == "not-acceptable"
        junk = f"<item id='x'><data xmlns='{DATA}'>?</data></item>"
        assert condition(await publish(juliet, DATA, junk)) == "not-acceptable"
        assert condition(await put_card(juliet, photo(b"?", "text/html"))) == "not-acceptable"
        assert condition(await get_card(juliet)) == "item-not-found"


async def test_a_vcard_with_a_picture_is_published() -> None:
    """§3.2."""
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        romeo = await arrive(house, "romeo/orchard", METADATA)
        juliet = await arrive(house, "juliet/chamber")
        romeo.take_all()
        answer = await put_card(juliet, f"<FN>Juliet</FN>{photo(JPEG, 'image/png')}")
        assert condition(answer) == ""
        await house.settle()
        (event,) = events(romeo)
        told = event[0][0][0][0]
        said = [told.get(name) for name in ("bytes", "id", "type", "url")]
        assert said == [str(len(JPEG)), hash_of(JPEG), "image/jpeg", None]
        stranger = await house.login("paris/tablet")
        wanted = f"<items node='{DATA}'><item id='{hash_of(JPEG)}'/></items>"
        data = await ask(stranger, "get", wanted, JULIET)
        assert data[0][0][0][0].text == encoded(JPEG)
        card = await get_card(stranger, JULIET)
        assert binval(card) == encoded(JPEG)
        assert len(card[0]) == 2


async def test_the_same_picture_is_not_published_again() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber", METADATA)
        await show(juliet, PNG)
        juliet.take_all()
        await put_card(juliet, f"<FN>Juliet</FN>{photo(PNG)}")
        await house.settle()
        assert item_ids(juliet) == []


async def test_a_vcard_without_a_picture_takes_the_avatar_away() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber", METADATA)
        await put_card(juliet, photo(PNG))
        juliet.take_all()
        await put_card(juliet, "<FN>Juliet</FN><PHOTO><TYPE/><BINVAL/></PHOTO>")
        await house.settle()
        (event,) = events(juliet)
        assert len(event[0][0][0]) == 0
        assert len((await get_card(juliet))[0]) == 1


async def test_a_node_keeps_its_configuration() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        stranger = await house.login("paris/tablet")
        await show(juliet, PNG, "presence")
        await put_card(juliet, f"<FN>Juliet</FN>{photo(JPEG)}")
        assert binval(await get_card(juliet)) == encoded(JPEG)
        assert binval(await get_card(stranger, JULIET)) is None


async def test_an_avatar_for_nobody_in_particular_is_left_alone() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        wanted = options(access_model="whitelist")
        await publish(juliet, DATA, data_item(PNG), "", wanted)
        await publish(juliet, METADATA, metadata_item(info(PNG)), "", wanted)
        await house.settle()
        assert condition(await get_card(juliet)) == "item-not-found"


async def test_the_feature_is_on_the_account() -> None:
    async with House(EVERYTHING) as house:
        host = house.server.hosts["example.org"]
        assert "urn:xmpp:pep-vcard-conversion:0" in host.features(At.OWN)
        assert "urn:xmpp:pep-vcard-conversion:0" not in host.features(At.HOST)


async def test_nothing_is_left_of_a_deleted_account() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/chamber")
        await show(juliet, PNG)
        await house.settle()
        assert await house.database.fetch("SELECT account FROM avatar")
        await juliet.send(
            "<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>"
        )
        await house.settle()
        assert not await house.database.fetch("SELECT account FROM avatar")
