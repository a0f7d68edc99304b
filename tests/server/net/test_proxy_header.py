"""PROXY protocol: headers whole, byte by byte, and broken."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.net.proxy_header import LONGEST_BLOCK, LONGEST_LINE, Header, read

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
TCP4, TCP6, UDP4, UNIX, UNSPECIFIED = 0x11, 0x21, 0x12, 0x31, 0x00
V4 = ip_address("192.0.2.7").packed + ip_address("198.51.100.1").packed + bytes(4)
V6 = ip_address("2001:db8::7").packed + ip_address("2001:db8::1").packed + bytes(4)


def block(kind: int, body: bytes, command: int = 0x21, size: int | None = None) -> bytes:
    length = len(body) if size is None else size
    return SIGNATURE + bytes((command, kind)) + length.to_bytes(2, "big") + body


GOOD = [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 5222\r\n", "192.0.2.7"),
    (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"),
    (b"PROXY TCP6 2001:DB8::7 2001:db8::1 0 5222\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", ""),
    (b"PROXY UNKNOWN whatever \xff\r\n", ""),
    (block(TCP4, V4), "192.0.2.7"),
    (block(TCP6, V6), "2001:db8::7"),
    (block(TCP4, V4 + b"\x04\x00\x03abc"), "192.0.2.7"),
    (block(TCP6, V6 + bytes(LONGEST_BLOCK - 16 - len(V6))), "2001:db8::7"),
    (block(UDP4, V4), ""),
    (block(0x10, V4), ""),
    (block(UNIX, bytes(216)), ""),
    (block(UNSPECIFIED, b""), ""),
    (block(UNSPECIFIED, b"", command=0x20), ""),
    (block(TCP4, V4, command=0x20), ""),
    (block(0xFF, b"x", command=0x20), ""),
]
BAD = [
    b"<",
    b"\x16\x03\x01",
    b"PROXY\t",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 5222 1\r\n",
    b"PROXY TCP4  192.0.2.7 198.51.100.1 56324 5222\r\n",
    b"PROXY TCP4 192.0.2.07 198.51.100.1 56324 5222\r\n",
    b"PROXY TCP4 2001:db8::7 2001:db8::1 1 1\r\n",
    b"PROXY TCP6 192.0.2.7 198.51.100.1 1 1\r\n",
    b"PROXY TCP6 fe80::1%eth0 fe80::2 1 1\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 056 5222\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 5222\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 5222\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 \xb9\r\n",
    b"PROXY UDP4 192.0.2.7 198.51.100.1 1 1\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 1\n" + b"x" * LONGEST_LINE,
    b"PROXY UNKNOWN " + b"x" * (LONGEST_LINE - 15) + b"\r\n",
    block(TCP4, V4, command=0x11),
    block(TCP4, V4, command=0x22),
    block(TCP4, V4[:-1]),
    block(TCP6, V4),
    block(0x41, V4),
    block(0x13, V4),
    block(TCP4, b"", size=LONGEST_BLOCK),
]


@pytest.mark.parametrize(("data", "peer"), GOOD)
def test_headers(data: bytes, peer: str) -> None:
    for rest in (b"", b"<?xml version='1.0'?>", b"\r\n", data):
        assert read(data + rest) == Header(len(data), peer)
    assert all(read(data[:end]) is None for end in range(len(data)))


@pytest.mark.parametrize("data", BAD)
def test_whatever_is_not_exactly_a_header_is_refused(data: bytes) -> None:
    header = read(data)
    assert header is not None
    assert header.error


@pytest.mark.parametrize("data", BAD)
def test_what_is_bad_was_never_good(data: bytes) -> None:
    for end in range(len(data)):
        header = read(data[:end])
        assert header is None or header.error


@given(st.integers(0, 107), st.sampled_from([data for data, _ in GOOD]), st.binary(max_size=600))
def test_any_bytes_get_an_answer(at: int, start: bytes, end: bytes) -> None:
    """Never an exception; never a wish for more than the longest header."""
    data = start[:at] + end
    header = read(data)
    assert header is None or header.error or 0 < header.length <= len(data)
    assert header is not None or len(data) < LONGEST_BLOCK


@given(st.ip_addresses(), st.binary(max_size=50))
def test_both_versions_tell_the_same(client: object, rest: bytes) -> None:
    source = ip_address(str(client))
    kind, word = (TCP4, b"TCP4") if source.version == 4 else (TCP6, b"TCP6")
    text = str(source).encode()
    line = b"PROXY %s %s %s 1 2\r\n" % (word, text, text)
    binary = block(kind, source.packed * 2 + bytes(4))
    assert read(line + rest) == Header(len(line), str(source))
    assert read(binary + rest) == Header(len(binary), str(source))
