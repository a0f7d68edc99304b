"""The opening tag of a stream (RFC 6120 §4.7, §4.8)."""

import pytest

from server.stream.header import NS_STREAM, StreamHeader, build_header
from server.stream.limits import Limits
from server.stream.parser import StreamParser

STREAM = b"xmlns:stream='http://etherx.jabber.org/streams'"
SIZES = [1, 2, 3, 7, 10_000]


def parse(data: bytes, size: int = 10_000, limits: Limits | None = None) -> StreamParser:
    parser = StreamParser(limits or Limits(), ("jabber:client", "jabber:server"))
    for at in range(0, len(data), size):
        assert parser.feed(data[at : at + size]) == []
    return parser


def header(data: bytes, size: int = 10_000) -> StreamHeader:
    parser = parse(data, size)
    assert parser.error is None
    assert parser.header is not None
    return parser.header


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "declaration",
    [
        b"",
        b"<?xml version='1.0'?>",
        b"<?xml version='1.0'?>\r\n ",
        b'\n<?xml version="1.0" encoding="utf-8" standalone="yes" ?>',
        b"<?xml version='1.0' encoding='UTF-8'?>",
    ],
)
def test_everything_is_read(declaration: bytes, size: int) -> None:
    tag = (
        b"<stream:stream from='a@b/&apos;' to='b' id='i>d' xml:lang='de' version='1.0'"
        b" xmlns='jabber:client' xmlns:x='urn:x' " + STREAM + b">"
    )
    assert header(declaration + tag, size) == StreamHeader(
        to="b",
        from_="a@b/'",
        id="i>d",
        lang="de",
        version=(1, 0),
        namespace="jabber:client",
        default="jabber:client",
        prefixes=(("x", "urn:x"), ("stream", NS_STREAM)),
        name=b"stream:stream",
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    [(b"1.0", (1, 0)), (b"2.11", (2, 11)), (b"1", (0, 0)), (b"x", (0, 0)), (b"9999999.0", (0, 0))],
)
def test_version(version: bytes, expected: tuple[int, int]) -> None:
    tag = b"<stream:stream version='" + version + b"' xmlns='jabber:client' " + STREAM + b">"
    assert header(tag).version == expected
    assert header(tag.replace(b"version=", b"x=")).version == (0, 0)


def test_content_namespaces() -> None:
    server = header(
        b"<stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' " + STREAM + b">"
    )
    assert server.namespace == "jabber:server"
    assert ("db", "jabber:server:dialback") in server.prefixes
    prefixed = header(b"<stream xmlns:c='jabber:server' xmlns='http://etherx.jabber.org/streams'>")
    assert (prefixed.namespace, prefixed.default) == ("jabber:server", NS_STREAM)


BAD = [
    (b"GET / HTTP/1.1\r\n", "not-well-formed"),
    (b"\x16\x03\x01\x02\x00", "not-well-formed"),
    (b"\xef\xbb\xbf<stream:stream", "not-well-formed"),
    (b"</a>", "not-well-formed"),
    (b"<>", "not-well-formed"),
    (b"< a>", "not-well-formed"),
    (b"<a <", "not-well-formed"),
    (b"<stream:stream to='&bad' " + STREAM + b">", "not-well-formed"),
    (b"<?xml version='2.0'?>", "not-well-formed"),
    (b"<?xml?>", "not-well-formed"),
    (b"<?xml " + b" " * 300, "not-well-formed"),
    (b"<?xml version='1.0'?><?xml version='1.0'?>", "restricted-xml"),
    (b"<?pi?>", "restricted-xml"),
    (b"<!-- -->", "restricted-xml"),
    (b"<!DOCTYPE stream:stream [<!ENTITY a 'b'>]>", "restricted-xml"),
    (b"<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>]>", "restricted-xml"),
    (b"<stream:stream to='&a;' " + STREAM + b">", "restricted-xml"),
    (b"\xff\xfe<\0s\0", "unsupported-encoding"),
    (b"\xfe\xff\0<\0s", "unsupported-encoding"),
    (b"\0<\0s", "unsupported-encoding"),
    (b"<\0s\0", "unsupported-encoding"),
    (b"<?xml version='1.0' encoding='ISO-8859-1'?>", "unsupported-encoding"),
    (b"<?xml version='1.0' encoding='UTF-16'?>", "unsupported-encoding"),
    (b"<stream:stream to='\xff' xmlns='jabber:client' " + STREAM + b">", "unsupported-encoding"),
    (b"<stream:stream xmlns='jabber:client'>", "bad-namespace-prefix"),
    (b"<stream xmlns='jabber:client'>", "invalid-namespace"),
    (b"<stream:stream xmlns='jabber:client' xmlns:stream='urn:x'>", "invalid-namespace"),
    (b"<stream:stream xmlns='urn:x' " + STREAM + b">", "invalid-namespace"),
    (b"<stream:stream " + STREAM + b">", "invalid-namespace"),
    (b"<stream:features xmlns='jabber:client' " + STREAM + b">", "bad-format"),
    (b"<message xmlns='jabber:client'>", "bad-format"),
    (b"<stream:stream " + b"x" * 11_000, "policy-violation"),
    (
        b"<stream:stream %s %s xmlns='jabber:client'>"
        % (STREAM, b" ".join(b"xmlns:a%d='u'" % number for number in range(300))),
        "policy-violation",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("data", "condition"), BAD, ids=lambda value: ascii(value)[:40])
def test_is_refused(data: bytes, condition: str) -> None:
    for size in SIZES:
        parser = parse(data, size)
        assert parser.error is not None
        assert parser.error.condition == condition
        assert parser.header is None
        assert not parser.is_pending


def test_build_and_parse() -> None:
    data = build_header(
        namespace="jabber:server",
        to="a'b",
        from_="c",
        id="<1>",
        declarations=b" xmlns:db='jabber:server:dialback'",
    )
    read = header(data)
    assert (read.to, read.from_, read.id, read.lang) == ("a'b", "c", "<1>", "en")
    assert (read.version, read.namespace) == ((1, 0), "jabber:server")
    assert header(build_header()).to is None
