"""Escaping, building and serialising."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.element import E, escape, is_xml, to_bytes

OPEN = b"<s xmlns='jabber:client'>"


def test_escape() -> None:
    assert escape("a<b>&'\"") == b"a&lt;b&gt;&amp;&apos;&quot;"
    assert escape("\u00e9") == "\u00e9".encode()
    assert escape("\0\ud800\uffff") == "\ufffd\ufffd\ufffd".encode()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_escaped_text_comes_back(text: str) -> None:
    element = etree.fromstring(b"<x a='%s' b=\"%s\">%s</x>" % ((escape(text),) * 3))
    assert (element.get("a"), element.get("b"), element.text or "") == (text, text, text)


@given(st.text(st.characters()))
def test_escaped_text_is_always_well_formed(text: str) -> None:
    etree.fromstring(b"<x a='%s'>%s</x>" % ((escape(text),) * 2))


@pytest.mark.parametrize(("text", "expected"), [
    ("", True), ("a\tb\r\nc<&é🎈", True), ("\0", False), ("\a", False), ("\ud800", False),
    ("\uffff", False),
])  # fmt: skip
def test_what_xml_can_carry(text: str, expected: bool) -> None:
    assert is_xml(text) is expected


def test_build() -> None:
    body = E("{jabber:client}body", None, "a", E("{urn:x}x", {"k": "v"}), "b", "c")
    message = E("{jabber:client}message", {"to": "a@b"}, body, "tail")
    assert to_bytes(message) == (
        b'<message to="a@b"><body>a<x xmlns="urn:x" k="v"/>bc</body>tail</message>'
    )


def test_build_without_namespace() -> None:
    assert etree.tostring(E("x")) == b"<x/>"


def test_bytes_of_a_parsed_stanza_carry_no_default_namespace() -> None:
    source = b'<message xml:lang="en" to="a@b"><body>&lt;&gt;</body><x xmlns="urn:x"/></message>'
    element = etree.fromstring(OPEN + source + b" tail</s>")[0]
    assert to_bytes(element) == source


def test_only_the_declaration_is_cut() -> None:
    source = b'<m a=\'> xmlns="jabber:client"\'><b> xmlns="jabber:client"</b></m>'
    element = etree.fromstring(OPEN + source + b"</s>")[0]
    again = etree.fromstring(OPEN + to_bytes(element) + b"</s>")[0]
    assert etree.tostring(again) == etree.tostring(element)


def test_other_namespaces_stay() -> None:
    assert to_bytes(E("{urn:x}x", None, E("{jabber:client}y"))) == (
        b'<x xmlns="urn:x"><y xmlns="jabber:client"/></x>'
    )
