"""What a stanza means does not change on its way through the house, however it was spelt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from server.jid import JID
from server.stanza import KINDS, Stanza
from server.stream.limits import Limits
from server.stream.parser import StreamParser

if TYPE_CHECKING:
    from server.element import Element

ANNA, BEN = JID.of("anna@example.org/a"), JID.of("ben@example.org")
STREAM = "http://etherx.jabber.org/streams"
HEADERS = (
    "<stream:stream xmlns='jabber:client' xmlns:stream='{}' xmlns:p='urn:header' version='1.0'>",
    "<stream xmlns='{}' xmlns:c='jabber:client' xmlns:p='urn:header' version='1.0'>",
)

PREFIXES = ("", "p", "q", "n0", "n1")
NAMESPACES = ("jabber:client", "urn:a", "urn:b", "urn:a&amp;&apos;&gt; xmlns:z=&quot;", STREAM)
NAMES = ("message", "body", "a", "error", "ü")
TEXTS = (
    "", "x", "&lt;/message>", "]]&gt;", "<![CDATA[</message><iq/>]]>", "&#13;", "\r\n", "\t",
    "&#9;&#10; ", "&quot;'", " xmlns:p='u'", "\ufffd", "&#x10FFFF;",
)  # fmt: skip
VALUES = (
    "", "x", ">", "&lt;", "/", "/&gt;", "\n", "&#10;&#13;&#9;", " xmlns:p=", "&quot; from=&apos;x",
)  # fmt: skip


@st.composite
def elements(draw: st.DrawFn, scope: frozenset[str] = frozenset({"p"}), depth: int = 0) -> str:
    """An element whose prefixes are all declared, here, further out or in the header."""
    attributes = []
    for declared in draw(st.lists(st.sampled_from(PREFIXES), max_size=3, unique=True)):
        known = NAMESPACES if declared else (*NAMESPACES, "")
        attribute = f"xmlns:{declared}" if declared else "xmlns"
        attributes.append(f"{attribute}='{draw(st.sampled_from(known))}'")
        scope |= {declared}
    prefixes = sorted(scope - {""})
    prefix = draw(st.sampled_from(["", *prefixes]))
    local = draw(st.sampled_from(NAMES)) if depth else "message"
    name = f"{prefix}:{local}" if prefix else local
    places = ("id", "to", "xml:lang", *(f"{prefix}:x" for prefix in prefixes[:1]))
    attributes += [
        f"{attribute}='{draw(st.sampled_from(VALUES))}'"
        for attribute in draw(st.lists(st.sampled_from(places), max_size=2, unique=True))
    ]
    content = "".join(
        draw(st.sampled_from(TEXTS)) + draw(elements(scope, depth + 1))
        for _ in range(draw(st.integers(0, 2 if depth < 3 else 0)))
    ) + draw(st.sampled_from(TEXTS))
    start = " ".join([name, *attributes])
    return f"<{start}>{content}</{name}>" if content else f"<{start}/>"


def meaning(element: Element) -> tuple[object, ...]:
    """All that a reader can know of an element's content."""
    return (
        element.text or "",
        [(child.tag, sorted(child.items()), meaning(child), child.tail or "") for child in element],
    )


def read(header: str, text: str) -> list[Element]:
    parser = StreamParser(Limits())
    assert not parser.feed(header.format(STREAM).encode())
    return parser.feed(text.encode())


def check(stanza: Stanza) -> None:
    """Let a strict reader find it in a stream; it must be one stanza with the same content."""
    before = meaning(stanza.element)
    wire = stanza.wire(BEN, b"<end/>")
    root = etree.fromstring(b"<s xmlns='jabber:client'>" + wire + b"</s>")
    [found] = root
    assert root.text is None
    assert found.tail is None
    assert found.tag == f"{{jabber:client}}{stanza.kind}"
    assert found.get("from") == ANNA
    assert found.get("to") == BEN
    assert found.get("id") == stanza.id
    assert found[-1].tag == "{jabber:client}end"
    found.remove(found[-1])
    assert meaning(found) == before


@given(st.sampled_from(HEADERS), elements())
@example(HEADERS[0], "<n0:message xmlns:n0='jabber:client'><body xmlns=''/></n0:message>")
@example(HEADERS[0], "<message xmlns:p='urn:a'><p:a/><body xmlns=''>x<b/></body></message>")
@example(HEADERS[0], "<message xmlns:p='urn:a'><a p:x='1' xml:lang='x'/><xml:a/></message>")
@example(HEADERS[1], "<c:message><a/><c:body c:x='1'>x</c:body></c:message>")
@example(HEADERS[1], "<c:message xmlns=''><a/></c:message>")
@example(HEADERS[0], "<message><p:a p:x=''/></message>")
def test_meaning_survives(header: str, text: str) -> None:
    for element in read(header, text):
        kind = KINDS.get(element.tag)
        if kind is not None:
            check(Stanza(kind, element, BEN, ANNA))


def test_declarations_do_not_multiply() -> None:
    name = "urn:" + "x" * 5000
    text = f"<message xmlns:p='{name}'>{'<p:a/>' * 1000}</message>"
    [element] = read(HEADERS[0], text)
    stanza = Stanza("message", element, BEN, ANNA)
    check(stanza)
    assert len(stanza.wire(BEN)) < 2 * len(text)


def test_short_declarations_stand_where_they_are_needed() -> None:
    text = "<message xmlns:p='urn:a' id='1'><p:a><p:b/></p:a><body>x</body></message>"
    [element] = read(HEADERS[0], text)
    assert Stanza("message", element, BEN, ANNA).wire(BEN) == (
        b"<message id='1' from='anna@example.org/a' to='ben@example.org'>"
        b"<a xmlns='urn:a'><b/></a><body>x</body></message>"
    )
