"""Addresses: what is accepted, in which form, and what is refused (RFC 7622)."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server import domainpart, jid
from server.jid import JID, JIDMalformed

VALID = {
    # text: (local, domain, resource)
    "juliet@example.com": ("juliet", "example.com", ""),
    "juliet@example.com/foo": ("juliet", "example.com", "foo"),
    "juliet@example.com/foo bar": ("juliet", "example.com", "foo bar"),
    "juliet@example.com/foo@bar": ("juliet", "example.com", "foo@bar"),
    "foo\\20bar@example.com": ("foo\\20bar", "example.com", ""),
    "fussball@example.com": ("fussball", "example.com", ""),
    "fu\u00dfball@example.com": ("fu\u00dfball", "example.com", ""),
    "\u03c0@example.com": ("\u03c0", "example.com", ""),
    "\u03a3@example.com/foo": ("\u03c3", "example.com", "foo"),
    "\u03c3@example.com/foo": ("\u03c3", "example.com", "foo"),
    "king@example.com/\u265a": ("king", "example.com", "\u265a"),
    "example.com": ("", "example.com", ""),
    "example.com/foobar": ("", "example.com", "foobar"),
    "a.example.com/b@example.net": ("", "a.example.com", "b@example.net"),
    "Romeo@Example.NET/Orchard": ("romeo", "example.net", "Orchard"),
    "a@example.net.": ("a", "example.net", ""),
    "a@example.net./b": ("a", "example.net", "b"),
    "a@b/c/d": ("a", "b", "c/d"),
    "a@127.0.0.1": ("a", "127.0.0.1", ""),
    "a@[::1]": ("a", "[::1]", ""),
    "a@[2001:DB8:0:0::1]/r": ("a", "[2001:db8::1]", "r"),
    "a@B\u00fccher.example": ("a", "b\u00fccher.example", ""),
    "a@xn--bcher-kva.example": ("a", "b\u00fccher.example", ""),
    "a@XN--BCHER-KVA.example": ("a", "b\u00fccher.example", ""),
    "a@b\u3002": ("a", "b", ""),
    "a@fa\u00df.de": ("a", "fa\u00df.de", ""),
    "a@ex\uff41mple\u3002com": ("a", "example.com", ""),
    "\uff41@b": ("a", "b", ""),
    "a@b/x\u00a0y": ("a", "b", "x y"),
    "a@my_host": ("a", "my_host", ""),
    "a@b/'\"<>&": ("a", "b", "'\"<>&"),
}

INVALID = [
    "", "@", "/", "@/", "a@", "@b", "/r", "@b/r", "a@/r", "a@b/", "b/", ".", "a@.", "a@b..c",
    "a@b..", "a@b\u3002\u3002",
    "foo bar@example.com", '"juliet"@example.com', "a&b@c", "a'b@c", "a:b@c", "a<b@c", "a>b@c",
    "a@b@c",
    "henry\u2163@example.com", "\u265a@example.com", "a\uff20b@c", "a\uff0fb@c", "a\uff1ab@c",
    "a\x00@b",
    "a@b c", "a@-b", "a@b-", "a@b:5222", "a@[::1", "a@[::1]x", "a@[fe80::1%eth0]", "a@[1.2.3.4]",
    "a@\u2603.example", "a@xn--a", "a@xn--", "a@" + "a" * 64, "a@b\uff20c", "a@b\uff0fc",
    "a@b\u2044c",
    "a@b/\x00", "a@b/\n", "a@b/\u200d", "a@b/\ufffe", "a@b/\ud800", "\ud800@b", "a@\ud800",
    "a@b/\u0378",
    "a" * 1024 + "@b", "\u00fc" * 512 + "@b", "a@b/" + "x" * 1024, "a@b/" + "\u00fc" * 512,
    "a@" + ".".join(["abcdefgh"] * 120), "x" * 100_000, "a@" + "\u00fc" * 100_000,
    "a@b/" + "\u00fc" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("text", VALID)
def test_is_taken_apart_in_canonical_form(text: str) -> None:
    address = JID.parse(text)
    assert (address.local, address.domain, address.resource) == VALID[text]


@pytest.mark.parametrize("text", VALID)
def test_canonical_form_is_a_fixed_point(text: str) -> None:
    address = JID.parse(text)
    assert JID.parse(str(address)) == address
    assert JID.of(str(address)) == address


@pytest.mark.parametrize("text", INVALID, ids=lambda text: ascii(text)[:30])
def test_is_refused(text: str) -> None:
    with pytest.raises(JIDMalformed):
        JID.parse(text)


@pytest.mark.parametrize(
    "text", ["a" * 1023 + "@b", "\u00fc" * 511 + "@b", "a@b/" + "x" * 1023, "a@" + "a" * 63]
)
def test_longest_parts_are_accepted(text: str) -> None:
    assert JID.parse(text) == text


def test_bare_full_and_domain() -> None:
    full, bare, domain = JID.of("a@b/c"), JID.of("a@b"), JID.of("b")
    assert (full.is_bare, bare.is_bare, domain.is_bare) == (False, True, True)
    assert (full.is_domain, bare.is_domain, domain.is_domain) == (False, False, True)
    assert not JID.of("b/c").is_domain
    assert full.bare is bare.bare is bare
    assert JID.of("b/c").bare == "b"


def test_with_resource() -> None:
    assert JID.of("a@b").with_resource("C d") == "a@b/C d"
    assert JID.of("a@b/x").with_resource("y") == "a@b/y"
    assert JID.of("b").with_resource("y") == "b/y"
    for bad in ("", "\0", "x" * 1024, "\u200d"):
        with pytest.raises(JIDMalformed):
            JID.of("a@b").with_resource(bad)


def test_only_parse_makes_addresses() -> None:
    with pytest.raises(TypeError):
        JID("a@b")
    with pytest.raises(ValueError, match="a@b"):
        JID.of("A@B")


def test_is_immutable_and_equal_to_its_text() -> None:
    address = JID.of("a@b")
    with pytest.raises(AttributeError):
        address.local = "x"
    assert address == "a@b"
    assert hash(address) == hash("a@b")
    assert {address: 1}["a@b"] == 1  # type: ignore[index]
    assert copy.copy(address) is copy.deepcopy(address) is address
    assert not hasattr(address, "__dict__")


def test_wire_form_is_escaped() -> None:
    address = JID.of("a@b/'\"<>&\u00fc")
    for quote in (b"'", b'"'):
        element = etree.fromstring(b"<x to=" + quote + address.wire + quote + b"/>")
        assert element.get("to") == address
    assert JID.of("\u00fc@b").wire == "\u00fc@b".encode()


def test_is_interned() -> None:
    assert JID.parse("a@b/c") is JID.parse("a@b/c")
    address = JID.parse("a@b/c")
    assert JID.parse(address) is address


def test_caches_are_bounded() -> None:
    for number in range(3 * jid._GENERATION // 2):
        JID.parse(f"flood{number}@host{number}.example")
    assert len(jid._young) <= jid._GENERATION
    assert len(jid._old) <= jid._GENERATION
    assert len(domainpart._known) <= domainpart._CACHE_SIZE
    long = "a@b/" + "x" * jid._CACHED_LENGTH
    JID.parse(long)
    assert long not in jid._young


def test_an_address_in_use_survives_the_flood() -> None:
    address = JID.parse("steady@example.com")
    for number in range(3 * jid._GENERATION):
        JID.parse(f"f{number}@b")
        if number % 1000 == 0:
            assert JID.parse("steady@example.com") is address


@given(st.text(max_size=40))
def test_anything_is_an_address_or_malformed(text: str) -> None:
    try:
        address = JID.parse(text)
    except JIDMalformed:
        return
    assert JID.parse(str(address)) is JID.parse(str(address))
    assert JID.parse(str(address)) == address
    assert "/" not in address.local + address.domain
    assert "@" not in address.local + address.domain
    etree.fromstring(b"<x to='" + address.wire + b"'/>")


@given(
    st.text(min_size=1, max_size=10),
    st.sampled_from(["b", "B.C", "xn--bcher-kva.de", "b\u00fccher.de", "[::1]"]),
    st.text(min_size=1, max_size=10),
)
def test_preparation_is_idempotent_and_lossless(local: str, domain: str, resource: str) -> None:
    try:
        address = JID.parse(f"{local}@{domain}/{resource}")
    except JIDMalformed:
        return
    again = JID.parse(str(address))
    assert (again.local, again.domain, again.resource) == (
        address.local, address.domain, address.resource,
    )  # fmt: skip
    assert again.wire == address.wire
    assert address.bare.with_resource(address.resource) == address


@given(st.text(st.characters(max_codepoint=127), min_size=1, max_size=30))
def test_the_short_cut_for_ascii_agrees_with_precis(text: str) -> None:
    from server import localpart

    for pattern, prepare, plain in (
        (jid.is_plain_local, localpart.prepare_local, text.lower()),
        (jid.is_plain_resource, localpart.prepare_resource, text),
    ):
        try:
            prepared: str | None = prepare(text)
        except localpart.MalformedPart:
            prepared = None
        assert (plain if pattern(text) else None) == prepared
