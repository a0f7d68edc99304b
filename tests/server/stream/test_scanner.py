"""Where elements begin and end."""

import pytest

from server.errors import StreamError
from server.stream.limits import Limits
from server.stream.scanner import Scanner, is_utf8_lead

LIMITS = Limits()


def elements(data: bytes, size: int) -> list[bytes]:
    scanner = Scanner()
    found = []
    for at in range(0, len(data), size):
        scanner.buffer += data[at : at + size]
        while piece := scanner.element(LIMITS):
            found.append(piece)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_cuts_between_elements(size: int) -> None:
    pieces = [
        b"<a/>",
        b"<a b='/>'>></a>",
        b"<a><a/><a></a></a>",
        b"<a><![CDATA[</a>]]]]><b/></a>",
        b"<a\nb=\"'\" c='\"'/>",
        b"</end>",
    ]
    assert elements(b" \n ".join(pieces), size) == pieces


def test_takes_the_end_tag_of_the_stream_on_its_own() -> None:
    assert elements(b"<a/></s><b/>", 100) == [b"<a/>", b"</s>", b"<b/>"]


def test_white_space_is_dropped() -> None:
    scanner = Scanner()
    scanner.buffer += b" \n\t "
    assert scanner.element(LIMITS) == b""
    assert scanner.is_idle


class Watched(bytearray):
    """Bytes that count how much of them is searched."""

    searched = 0

    def find(self, *arguments: object) -> int:
        Watched.searched += len(self) - int(str(arguments[1]))
        return super().find(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("opening", [b"<a>", b"<a><![CDATA["])
def test_no_byte_is_looked_at_again_and_again(opening: bytes) -> None:
    scanner = Scanner()
    scanner.buffer = Watched()
    scanner.buffer += opening
    scanner.element(LIMITS)
    Watched.searched = 0
    for _ in range(2_000):
        scanner.buffer += b"]"
        assert scanner.element(LIMITS) == b""
    assert Watched.searched <= 4 * 2_000


@pytest.mark.parametrize("opening", [b"<a ", b"<a b='", b'<a><b c="', b"<a>x</a"])
def test_a_tag_is_resumed_where_it_was_left(opening: bytes) -> None:
    scanner = Scanner()
    scanner.buffer += opening
    for _ in range(100):
        scanner.buffer += b"y"
        scanner.element(LIMITS)
        assert scanner._at == len(scanner.buffer)


def test_size_is_counted_from_the_first_bracket() -> None:
    limits = Limits(size=10)
    scanner = Scanner()
    scanner.buffer += b"          <a>xxx</a>"
    assert scanner.element(limits) == b"<a>xxx</a>"
    scanner.buffer += b"<a>xxxx</a>"
    with pytest.raises(StreamError):
        scanner.element(limits)


def test_leads() -> None:
    for lead in range(256):
        expected = any(
            chr(code).encode()[0] == lead
            for code in (*range(0x80), *range(0x80, 0xD800), *range(0xE000, 0x110000, 0x40))
        ) if lead < 0x80 else lead in range(0xC2, 0xF5)  # fmt: skip
        assert is_utf8_lead(lead) == expected
