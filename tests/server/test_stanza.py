"""Stanzas: envelopes, contents, wire forms, answers (RFC 6120 §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.errors import Condition, StanzaError
from server.jid import JID
from server.stanza import Stanza, error_reply, qualify, result

if TYPE_CHECKING:
    from server.element import Element

ANNA, BEN = JID.of("anna@example.org/a"), JID.of("ben@example.org/o'hara")
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
    ),
    max_size=20,
)


def stanza(xml: str, to: JID | None = BEN, from_: JID = ANNA) -> Stanza:
    element = etree.fromstring(xml)
    return Stanza(element.tag.rpartition("}")[2], element, to, from_)


def read(wire: bytes) -> Element:
    return etree.fromstring(qualify(wire))


@pytest.mark.parametrize(
    ("xml", "wire"),
    [
        (
            "<message xmlns='jabber:client'><body>hi</body></message>",
            b"<message from='anna@example.org/a' to='ben@example.org/o&#39;hara'>"
            b"<body>hi</body></message>",
        ),
        (
            "<presence xmlns='jabber:client' id='1'/>",
            b"<presence id='1' from='anna@example.org/a' to='ben@example.org/o&#39;hara'>"
            b"</presence>",
        ),
        # addresses are replaced, whatever stood there
        (
            "<iq xmlns='jabber:client' to='x' type='get' from='y' id='&lt;'/>",
            b"<iq type='get' id='&lt;' from='anna@example.org/a' to='ben@example.org/o&#39;hara'>"
            b"</iq>",
        ),
    ],
)
def test_wire_form(xml: str, wire: bytes) -> None:
    assert stanza(xml).wire(BEN).replace(b"&apos;", b"&#39;") == wire


def test_without_an_addressee() -> None:
    wire = stanza("<presence xmlns='jabber:client'/>").wire(None)
    assert read(wire).get("to") is None
    assert read(wire).get("from") == ANNA


def test_added_content_comes_last() -> None:
    message = stanza("<message xmlns='jabber:client'><body>hi</body></message>")
    element = read(message.wire(BEN, b"<a xmlns='urn:a'/>"))
    assert [child.tag for child in element] == ["{jabber:client}body", "{urn:a}a"]
    assert [child.tag for child in read(message.wire(BEN))] == ["{jabber:client}body"]


FOREIGN = [
    # prefixes of the sender's own, for the stanza and for what is in it
    "<c:message xmlns:c='jabber:client'><c:body>hi</c:body></c:message>",
    "<message xmlns='jabber:client' xmlns:x='urn:x'><x:a x:b='1'/><body>hi</body></message>",
    "<message xmlns='jabber:client' xmlns:x='urn:x'>text<x:a/>tail<x:b/>end</message>",
    "<c:message xmlns:c='jabber:client' xmlns='urn:d'><d/></c:message>",
    "<message xmlns='jabber:client' xmlns:x='urn:x' x:foreign='1'><body>hi</body></message>",
    "<message xmlns='jabber:client'><a xmlns='urn:a'><b xmlns='jabber:client'/></a></message>",
    "<message xmlns='jabber:client' xml:lang='de' a='&lt;&apos;&quot;&amp;'>&lt;&amp;</message>",
]


@pytest.mark.parametrize("xml", FOREIGN)
def test_nothing_is_lost_on_the_way(xml: str) -> None:
    """§8.4: what the server does not know passes as it is; no prefix is missing (§4.8.5)."""
    original, arrived = etree.fromstring(xml), read(stanza(xml).wire(BEN))
    assert arrived.tag == original.tag
    assert arrived.get(LANG) == original.get(LANG)
    assert [canonical(child) for child in arrived] == [canonical(child) for child in original]
    assert text_of(arrived) == text_of(original)


def text_of(element: Element) -> str:
    return "".join(str(part) for part in element.itertext())


def attributes(element: Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in element.items()}


def canonical(element: Element) -> tuple[object, ...]:
    return (
        element.tag, attributes(element), element.text, element.tail,
        [canonical(child) for child in element],
    )  # fmt: skip


@pytest.mark.parametrize("xml", FOREIGN)
def test_the_wire_form_stands_alone(xml: str) -> None:
    """What is stored or sent elsewhere has no prefixes that only its stream knew."""
    assert b" xmlns='jabber:client'" not in stanza(xml).wire(BEN).partition(b">")[0]
    read(stanza(xml).wire(BEN))


@given(text=TEXT, value=TEXT)
def test_any_text_and_attribute(text: str, value: str) -> None:
    element = etree.Element("{jabber:client}message", {"id": value})
    etree.SubElement(element, "{jabber:client}body").text = text
    arrived = read(Stanza("message", element, BEN, ANNA).wire(BEN))
    assert arrived.get("id") == value
    assert (arrived.findtext("{jabber:client}body") or "") == text


def test_dropping_and_adding() -> None:
    message = stanza(
        "<message xmlns='jabber:client'><body>hi</body> <a xmlns='urn:a'/>tail</message>"
    )
    assert b"urn:a" in message.content
    message.drop(message.payloads["{urn:a}a"])
    assert "{urn:a}a" not in message.payloads
    assert b"urn:a" not in message.content
    message.append(etree.Element("{urn:b}b"))
    assert "{urn:b}b" in message.payloads
    assert b"urn:b" in message.content


def test_text_after_a_dropped_payload_goes_with_it() -> None:
    message = stanza("<message xmlns='jabber:client'><a xmlns='urn:a'/>tail</message>")
    message.drop(message.payloads["{urn:a}a"])
    assert message.content == b""


def test_payloads_by_name() -> None:
    message = stanza("<message xmlns='jabber:client'><body/><a xmlns='urn:a'/></message>")
    assert list(message.payloads) == ["{jabber:client}body", "{urn:a}a"]
    assert (message.type, message.id, message.mid) == (None, None, 0)


# -- answers (§8.2.3, §8.3) --


@pytest.mark.parametrize("kind", ["message", "presence", "iq"])
def test_errors_go_back(kind: str) -> None:
    """§8.3.1: the 'to' is the sender, the 'id' the same, the 'from' whom it was for."""
    original = stanza(f"<{kind} xmlns='jabber:client' id='&lt;1' type='get'><a/></{kind}>")
    answer = read(error_reply(original, StanzaError(Condition.GONE, "a < b")))
    assert answer.tag == f"{{jabber:client}}{kind}"
    assert attributes(answer) == {"type": "error", "id": "<1", "from": BEN, "to": ANNA}
    assert len(answer) == 1
    assert answer[0].get("type") == "cancel"


def test_errors_without_address_or_identifier() -> None:
    answer = read(
        error_reply(stanza("<presence xmlns='jabber:client'/>", None), StanzaError(Condition.GONE))
    )
    assert attributes(answer) == {"type": "error", "to": ANNA}


def test_errors_in_the_name_of_another() -> None:
    answer = read(
        error_reply(
            stanza("<presence xmlns='jabber:client'/>"), StanzaError(Condition.GONE), BEN.bare
        )
    )
    assert answer.get("from") == BEN.bare


def test_results() -> None:
    """§8.2.3 3: "the 'id' … MUST be" the same."""
    answer = read(result(stanza("<iq xmlns='jabber:client' id='&apos;'/>"), b"<a xmlns='urn:a'/>"))
    assert attributes(answer) == {"type": "result", "id": "'", "from": BEN, "to": ANNA}
    assert [child.tag for child in answer] == ["{urn:a}a"]


@pytest.mark.parametrize("wire", [b"<iq id='1'>a</iq>", b"<iq>a</iq>", b"<iq/>", b"<iq a='/'/>"])
def test_giving_a_namespace(wire: bytes) -> None:
    assert etree.fromstring(qualify(wire)).tag == "{jabber:client}iq"
