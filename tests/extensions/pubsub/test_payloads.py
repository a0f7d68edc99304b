"""What is taken from a publication means the same wherever it is put."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from extensions.pubsub import errors, payloads
from extensions.pubsub.rows import ItemRow
from server.element import Element

PUBLISH = "<iq xmlns='jabber:client' {}><pubsub xmlns='http://jabber.org/protocol/pubsub'>{}</pubsub></iq>"


def publish(item: str, declarations: str = "") -> Element:
    text = PUBLISH.format(declarations, f"<publish node='n'>{item}</publish>")
    return etree.fromstring(text)[0][0]


@pytest.mark.parametrize(
    ("item", "declarations"),
    [
        ("<item><x xmlns='u'>a<y/>b</x></item>", ""),
        ("<item><p:x xmlns:p='u' p:a='1'/></item>", ""),
        ("<item><p:x p:a='1'><y/></p:x></item>", "xmlns:p='u'"),
        ("<item><x xmlns=''><y xmlns='u'/></x></item>", ""),
        ("<item><x xmlns=''/></item>", ""),
        ("<item><message xmlns='jabber:client'><body>hi</body></message></item>", ""),
        ("<item><item xmlns='http://jabber.org/protocol/pubsub'/></item>", ""),
        ("<item><x xmlns='u' xml:lang='de'>&lt;&amp;ä</x></item>", ""),
    ],
)
def test_the_payload_keeps_its_meaning(item: str, declarations: str) -> None:
    element = publish(item, declarations)
    found = payloads.parse_publication(element)
    assert found is not None
    row = ItemRow(1, "i", "a@b", found.payload)
    wrapped = payloads.build_items("n", payloads.build_item(row))
    event = b"<message xmlns='jabber:client'><event xmlns='e'>" + wrapped + b"</event></message>"
    (again,) = etree.fromstring(event)[0][0][0]
    assert again.tag == element[0][0].tag
    expected = element[0][0]
    assert [each.tag for each in expected.iter()] == [each.tag for each in again.iter()]
    for one, other in zip(expected.iter(), again.iter(), strict=True):
        assert one.items() == other.items()
        assert one.text == other.text


def test_declarations_of_the_stanza_are_not_multiplied() -> None:
    """Long names declared once on the stanza: the payload holds each once, not on every child."""
    many = " ".join(f"xmlns:p{number}='{'u' * 500}{number}'" for number in range(20))
    children = "".join(f"<p{number}:y/>" for number in range(20))
    found = payloads.parse_publication(publish(f"<item><x xmlns='u'>{children}</x></item>", many))
    assert found is not None
    assert len(found.payload) < len(many) + 2000


@pytest.mark.parametrize(
    ("item", "refusal"),
    [
        ("<item/><item/>", errors.Malformed),
        ("<item><a xmlns='u'/><b xmlns='u'/></item>", errors.InvalidPayload),
        (f"<item id='{'ü' * 600}'/>", errors.Malformed),
    ],
)
def test_what_is_refused(item: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        payloads.parse_publication(publish(item))


def test_no_item_and_no_payload() -> None:
    assert payloads.parse_publication(publish("")) is None
    assert payloads.parse_publication(publish("<item id='a'>text</item>")) == (
        payloads.Publication("a", b"")
    )


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), max_size=40))
def test_names_are_escaped(name: str) -> None:
    row = ItemRow(1, name, name, b"")
    wire = payloads.build_items(name, payloads.build_item(row, with_publisher=True))
    element = etree.fromstring(wire)
    shown = name.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    assert element.get("node") == shown
    assert element[0].get("id") == shown
    assert element[0].get("publisher") == shown


@pytest.mark.parametrize("jid", ["@", f"{'a' * 1023}@{'b.' * 300}c/{'d' * 1023}"])
def test_addresses_that_there_are_not(jid: str) -> None:
    """The longest is one; but nobody has it, and PostgreSQL cannot find it again."""
    with pytest.raises(errors.InvalidJID):
        payloads.jid_of(etree.fromstring(f"<subscribe jid='{jid}'/>"))
