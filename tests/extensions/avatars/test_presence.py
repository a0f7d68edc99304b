"""XEP-0398 §4: presence tells of the avatar, whether the client knows it or not."""

import pytest

from extensions.avatars.images import METADATA
from tests.extensions.avatars.pictures import (
    JPEG,
    PNG,
    hash_of,
    metadata_item,
    photo,
    photos_heard,
    put_card,
    show,
)
from tests.extensions.pubsub.people import EVERYTHING, arrive, befriend, publish
from tests.harness.house import Client, House

CHAMBER = "juliet@example.org/chamber"
NS = "vcard-temp:x:update"


async def both(house: House, access_model: str = "open") -> tuple[Client, Client]:
    """Juliet, who has an avatar, and Romeo, who sees her presence."""
    await befriend(house, "juliet", "romeo")
    romeo = await arrive(house, "romeo/orchard")
    juliet = await arrive(house, "juliet/chamber")
    await show(juliet, PNG, access_model)
    await house.settle()
    return juliet, romeo


@pytest.mark.parametrize(
    ("update", "heard"),
    [
        ("", hash_of(PNG)),
        (f"<x xmlns='{NS}'/>", hash_of(PNG)),
        (f"<x xmlns='{NS}'><photo/></x>", ""),
        (f"<x xmlns='{NS}'><photo>{hash_of(PNG)}</photo></x>", hash_of(PNG)),
        (f"<x xmlns='{NS}'><photo>{hash_of(PNG).upper()}</photo></x>", hash_of(PNG).upper()),
        (f"<x xmlns='{NS}'><photo>{hash_of(JPEG)}</photo></x>", hash_of(PNG)),
    ],
)
async def test_available_presence(update: str, heard: str) -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await both(house)
        romeo.take_all()
        await juliet.send(f"<presence><show>away</show>{update}</presence>")
        assert photos_heard(romeo, CHAMBER) == [heard]


async def test_who_never_had_an_avatar_says_what_he_likes() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        romeo = await arrive(house, "romeo/orchard")
        juliet = await arrive(house, "juliet/chamber")
        romeo.take_all()
        await juliet.send("<presence/>")
        await juliet.send(f"<presence><x xmlns='{NS}'/></presence>")
        assert photos_heard(romeo, CHAMBER) == [None, None]


async def test_it_is_known_after_a_restart_from_the_first_presence_on() -> None:
    async with House(EVERYTHING) as house:
        await both(house)
        await house.restart()
        romeo = await arrive(house, "romeo/orchard")
        await arrive(house, "juliet/chamber")
        assert photos_heard(romeo, CHAMBER) == [hash_of(PNG)]


async def test_farewells_and_subscriptions_stay_as_they_are() -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await both(house)
        romeo.take_all()
        await juliet.send("<presence type='subscribe' to='romeo@example.org'/>")
        await juliet.send("<presence type='unavailable'/>")
        assert set(photos_heard(romeo, CHAMBER)) == {None}


async def test_directed_presence() -> None:
    """§4: "MUST also be injected into directed presences such as MUC joins"."""
    async with House(EVERYTHING) as house:
        juliet, _ = await both(house)
        stranger = await arrive(house, "paris/tablet")
        stranger.take_all()
        await juliet.send("<presence to='paris@example.org/tablet'/>")
        assert photos_heard(stranger, CHAMBER) == [hash_of(PNG)]


async def test_who_cannot_fetch_it_does_not_hear_of_it() -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await both(house, "presence")
        stranger = await arrive(house, "paris/tablet")
        stranger.take_all()
        romeo.take_all()
        await juliet.send("<presence to='paris@example.org/tablet'/>")
        await juliet.send("<presence to='romeo@example.org/orchard'/>")
        assert photos_heard(stranger, CHAMBER) == [None]
        assert photos_heard(romeo, CHAMBER) == [hash_of(PNG)]


async def test_a_new_avatar_is_told_at_once() -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await both(house)
        assert photos_heard(romeo, CHAMBER)[-1] == hash_of(PNG)
        await show(juliet, JPEG)
        await house.settle()
        assert photos_heard(romeo, CHAMBER)[-1] == hash_of(JPEG)
        await publish(juliet, METADATA, metadata_item())
        await house.settle()
        assert photos_heard(romeo, CHAMBER) == [""]
        await put_card(juliet, photo(PNG))
        await house.settle()
        assert photos_heard(romeo, CHAMBER) == [hash_of(PNG)]


async def test_who_shows_no_image_on_purpose_goes_on_doing_so() -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await both(house)
        await juliet.send(f"<presence><x xmlns='{NS}'><photo/></x></presence>")
        romeo.take_all()
        await show(juliet, JPEG)
        await house.settle()
        assert set(photos_heard(romeo, CHAMBER)) <= {""}


async def test_a_client_that_just_changed_its_vcard_is_right() -> None:
    async with House(EVERYTHING) as house:
        juliet, romeo = await both(house)
        await put_card(juliet, photo(JPEG))
        romeo.take_all()
        await juliet.send(
            f"<presence><x xmlns='{NS}'><photo>{hash_of(JPEG)}</photo></x></presence>"
        )
        assert photos_heard(romeo, CHAMBER) == [hash_of(JPEG)]
