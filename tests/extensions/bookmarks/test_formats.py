"""Bookmarks change their form and lose nothing (XEP-0402 §5.3)."""

import pytest
from lxml import etree

from extensions.bookmarks import formats
from server.element import Element
from server.errors import StanzaError
from server.jid import JID

ROOM = JID.of("orchard@conference.shakespeare.lit")


def native(attributes: str = "", content: str = "") -> Element:
    return etree.fromstring(
        f"<conference xmlns='{formats.NATIVE}' {attributes}>{content}</conference>"
    )


def legacy(attributes: str = "", content: str = "") -> Element:
    return etree.fromstring(
        f"<conference xmlns='{formats.LEGACY}' jid='{ROOM}' {attributes}>{content}</conference>"
    )


STATE = "<state xmlns='http://myclient.example/bookmark/state' minimized='true'/>"
EXTENSIONS = f"<extensions xmlns='{formats.NATIVE}'>{STATE}</extensions>"


@pytest.mark.parametrize(
    ("attributes", "content"),
    [
        ("", ""),
        ("name='The Orchard' autojoin='true'", "<nick>JC</nick>"),
        ("autojoin='1'", "<nick>JC</nick><password>open</password>"),
        ("name=''", "<password>open</password>"),
        ("name='x'", EXTENSIONS),
    ],
)
def test_there_and_back_is_the_same(attributes: str, content: str) -> None:
    old = formats.to_legacy(ROOM, native(attributes, content))
    assert old.get("jid") == ROOM
    assert formats.to_native(old, native(attributes, content)) is None
    again = formats.to_native(old, None)
    assert again is not None
    assert formats.to_native(old, again) is None


def test_a_native_one_is_cast_into_the_old_namespace() -> None:
    old = formats.to_legacy(ROOM, native("name='O' autojoin='1'", "<nick>JC</nick>"))
    assert formats.canonical(old) == (
        b'<conference xmlns="storage:bookmarks" autojoin="true"'
        b' jid="orchard@conference.shakespeare.lit" name="O"><nick>JC</nick></conference>'
    )


def test_what_old_clients_drop_stays() -> None:
    existing = native("name='Old' future='x'", f"<nick>JC</nick>{EXTENSIONS}<later/>")
    changed = formats.to_native(legacy("name='New'"), existing)
    assert changed is not None
    assert changed.get("name") == "New"
    assert changed.get("future") == "x"
    assert [etree.QName(child).localname for child in changed] == ["extensions", "later"]
    assert existing.get("name") == "Old"


def test_elements_of_old_clients_become_extensions() -> None:
    mine = "<minimize xmlns='urn:mine'>1</minimize>"
    made = formats.to_native(legacy("", f"<nick>JC</nick>{mine}<password>p</password>"), None)
    assert made is not None
    assert [etree.QName(child).localname for child in made] == ["nick", "password", "extensions"]
    assert made[2][0].text == "1"
    assert (
        formats.to_native(legacy("", f"<nick>JC</nick>{mine}<password>p</password>"), made) is None
    )


@pytest.mark.parametrize("value", ["false", "0", "", "no"])
def test_who_does_not_want_to_join_need_not_say_so(value: str) -> None:
    assert formats.to_native(legacy(f"autojoin='{value}'"), native()) is None


def test_a_listing_holds_rooms_and_the_rest() -> None:
    listing = formats.parse_listing(
        etree.fromstring(
            f"<storage xmlns='{formats.LEGACY}'><url name='W' url='http://x/'/>"
            "<conference jid='A@Conf.example'/><conference jid='a@conf.example' name='again'/>"
            "<conference jid='@'/><conference/><!-- nothing --></storage>"
        )
    )
    assert list(listing.rooms) == ["a@conf.example"]
    assert listing.rooms[JID.of("a@conf.example")].get("name") is None
    assert len(listing.rest) == 3


def test_the_order_of_a_listing_says_nothing() -> None:
    rooms = {JID.of(f"{name}@c.example"): native(f"name='{name}'") for name in "abc"}
    one = formats.build_listing(rooms, (b"<url/>",))
    other = formats.build_listing(dict(reversed(rooms.items())), (b"<url></url>",))
    parsed = [formats.parse_listing(etree.fromstring(text)) for text in (one, other)]
    assert formats.is_same_listing(*parsed)
    fewer = formats.parse_listing(etree.fromstring(formats.build_listing({}, (b"<url/>",))))
    assert not formats.is_same_listing(parsed[0], fewer)


def test_too_many_are_refused() -> None:
    rooms = {JID.of(f"r{number}@c.example"): native() for number in range(formats.MOST + 1)}
    with pytest.raises(StanzaError):
        formats.parse_listing(etree.fromstring(formats.build_listing(rooms, ())))
