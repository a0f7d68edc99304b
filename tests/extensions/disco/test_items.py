"""XEP-0030 §4: lists of items."""

from extensions.disco.items import Item, build_items
from server.jid import JID


def test_items() -> None:
    made = [Item(JID.of("rooms.example")), Item(JID.of("a.example"), "A & B", "x'y")]
    assert build_items(made, "n") == (
        b"<query xmlns='http://jabber.org/protocol/disco#items' node='n'>"
        b"<item jid='rooms.example'/>"
        b"<item jid='a.example' node='x&apos;y' name='A &amp; B'/></query>"
    )


def test_an_empty_list_is_an_answer() -> None:
    assert build_items(()) == b"<query xmlns='http://jabber.org/protocol/disco#items'></query>"
