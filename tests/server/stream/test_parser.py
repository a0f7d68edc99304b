"""Bytes of a stream to stanzas (RFC 6120 §4, §11)."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.element import to_bytes
from server.stream import parser as parser_module
from server.stream import reader
from server.stream.limits import Limits
from server.stream.parser import StreamParser
from tests.server.stream.samples import BAD, GOOD, HEADER, LIMITS, cut, run, run_pieces

SIZES = [1, 2, 3, 7, 64, 1000]


def opened(limits: Limits = LIMITS) -> StreamParser:
    parser = StreamParser(limits)
    assert parser.feed(HEADER) == []
    return parser


@pytest.mark.parametrize(("data", "count"), GOOD, ids=lambda value: ascii(value)[:40])
def test_good_streams(data: bytes, count: int) -> None:
    whole = run(data)
    assert len(whole.elements) == count
    assert whole.condition is None
    for size in SIZES:
        assert run(data, size) == whole


@pytest.mark.parametrize(("data", "count", "condition"), BAD, ids=lambda value: ascii(value)[:40])
def test_bad_streams(data: bytes, count: int, condition: str) -> None:
    whole = run(data)
    assert (len(whole.elements), whole.condition) == (count, condition)
    for size in SIZES:
        assert run(data, size) == whole
    # What comes after the header in a chunk of its own takes the short way first.
    assert run_pieces([HEADER, data]) == whole


@pytest.mark.parametrize(("data", "count"), GOOD, ids=lambda value: ascii(value)[:40])
def test_closed_with_trailing_bytes(data: bytes, count: int) -> None:
    for size in (1, 5, 10_000):
        outcome = run(data + b"</stream:stream \n> junk <", size)
        assert (len(outcome.elements), outcome.condition, outcome.closed) == (count, None, True)


@given(
    st.lists(st.sampled_from([data for data, _ in GOOD if len(data) < 400]), max_size=6),
    st.sampled_from([b"", b"</stream:stream>", b"<!--", b"<a", *[data for data, _, _ in BAD]]),
    st.data(),
)
def test_chunking_never_matters(good: list[bytes], end: bytes, choice: st.DataObject) -> None:
    data = HEADER + b"".join(good) + end
    cuts = choice.draw(st.lists(st.integers(0, len(data)), max_size=8).map(sorted))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert run_pieces(pieces) == run_pieces([data])


def test_too_big_says_so_in_an_application_condition() -> None:
    assert run(b"<a>" + b"x" * 3000).application
    assert not run(nested_too_deep()).application


def nested_too_deep() -> bytes:
    return b"<a>" * 20


def test_limits_may_change_at_any_time() -> None:
    parser = opened(Limits(size=100))
    parser.feed(b"<a>" + b"x" * 90)
    parser.limits = Limits(size=1000)
    assert len(parser.feed(b"x" * 500 + b"</a>")) == 1
    parser.limits = Limits(size=100)
    assert parser.feed(b"<a>" + b"x" * 500 + b"</a>") == []
    assert parser.error is not None


def test_white_space_leaves_nothing_behind() -> None:
    parser = opened()
    for _ in range(100):
        assert parser.feed(b" ") == []
    assert not parser.is_pending
    assert parser.error is None


def test_an_idle_stream_is_small() -> None:
    parser = opened()
    pending = []
    for piece in (b"<a><b/>", b"</a>"):
        parser.feed(piece)
        pending.append(parser.is_pending)
    assert pending == [True, False]
    assert sys.getsizeof(parser) < 200
    assert not hasattr(parser, "__dict__")


def test_nothing_more_after_an_error() -> None:
    parser = opened()
    parser.feed(b"</wrong>")
    error = parser.error
    assert error is not None
    assert parser.feed(b"<a/>") == []
    assert parser.error is error


def test_reset_expects_a_new_stream() -> None:
    parser = opened()
    parser.feed(b"<auth/><pend")
    parser.reset()
    assert parser.header is None
    assert not parser.is_pending
    assert parser.feed(b" \n" + HEADER + b"<a/>")[0].tag == "{jabber:client}a"
    assert parser.header is not None


def test_stanzas_carry_no_prefix_they_do_not_use() -> None:
    (element,) = opened().feed(b"<message><body>x</body></message>")
    assert to_bytes(element) == b"<message><body>x</body></message>"
    plain, prefixed = opened().feed(b"<a/><foo:b/>")
    assert to_bytes(plain) == b"<a/>"
    assert to_bytes(prefixed) == b'<foo:b xmlns:foo="urn:foo"/>'


@pytest.mark.parametrize(
    "namespace", [b"jabber:client", b"jabber:server", b"jabber:component:accept"]
)
def test_content_comes_out_in_one_namespace(namespace: bytes) -> None:
    parser = StreamParser(LIMITS, (namespace.decode(),))
    header = HEADER.replace(b"jabber:client", namespace)
    (element,) = parser.feed(header + b"<message/>")
    assert element.tag == "{jabber:client}message"


def test_streams_as_default_namespace() -> None:
    parser = StreamParser(LIMITS)
    elements = parser.feed(
        b"<stream xmlns='http://etherx.jabber.org/streams' version='1.0'>"
        b"<message xmlns='jabber:client'/><features/></stream>"
    )
    assert [element.tag for element in elements] == [
        "{jabber:client}message",
        "{http://etherx.jabber.org/streams}features",
    ]
    assert parser.closed


def test_closing_tag_is_that_of_the_header() -> None:
    header = HEADER.replace(b"stream:stream", b"s:stream").replace(b"xmlns:stream", b"xmlns:s")
    assert run(b"<a/></s:stream>", header=header).closed
    assert run(b"<a/></stream:stream>", header=header).condition == "not-well-formed"


def test_a_stream_that_closes_itself() -> None:
    parser = StreamParser(LIMITS)
    assert parser.feed(HEADER[:-1] + b"/><a/>") == []
    assert parser.closed
    assert parser.feed(b"<a/>") == []
    assert parser.header is not None


# -- how much work is done --


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tell how many bytes each parse of a document was given."""
    sizes: list[int] = []

    def counting(data: bytes) -> etree._Element:
        sizes.append(len(data))
        return reader.parse(data)

    monkeypatch.setattr(parser_module, "parse", counting)
    return sizes


BIG = b"<a>" + b"<k rid='1'>QUJD</k>" * 10_000 + b"x" * 60_000 + b"</a>"


@pytest.mark.parametrize("size", [1, 100, 1500, 16_384])
def test_a_big_stanza_in_pieces_is_parsed_once(parsed: list[int], size: int) -> None:
    parser = opened(Limits(size=300_000))
    parsed.clear()
    count = sum(len(parser.feed(piece)) for piece in cut(BIG, size))
    assert count == 1
    # The first pieces may be tried for luck; the rest is parsed when it is complete.
    assert sum(parsed) <= len(BIG) + 5 * size + 200


def test_a_straddled_stanza_does_not_spoil_the_chunk(parsed: list[int]) -> None:
    stanza = b"<message to='a@b'><body>hello</body><active xmlns='urn:x'/></message>"
    parser = opened(Limits())
    parsed.clear()
    pieces = cut(stanza * 1000, 10_007)
    assert sum(len(parser.feed(piece)) for piece in pieces) == 1000
    assert len(parsed) <= 4 * len(pieces)
    assert sum(parsed) <= 3 * 1000 * len(stanza)


def test_bad_luck_is_linear_too(parsed: list[int]) -> None:
    """Chunks that end like whole ones but never are."""
    parser = opened(Limits())
    parsed.clear()
    data = b"<a><![CDATA[x]]></a><message></message>" * 500 + b"<b><message></message>"
    assert len(parser.feed(data)) == 1000
    assert sum(parsed) <= 4 * len(data) + 1000 * 40
