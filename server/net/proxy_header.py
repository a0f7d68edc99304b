"""The line or block in which a reverse proxy tells who the client is (PROXY protocol 1 and 2).

The specification is HAProxy's `proxy-protocol.txt`; its sections are cited. A port expects the
header on every connection or on none: "The receiver MUST be configured to only receive the
protocol described in this specification and MUST not try to guess" (§2).
"""

from __future__ import annotations

import ipaddress
from typing import Final, NamedTuple

LONGEST_LINE: Final = 107
"""Bytes of a header of version 1, with the end of its line (§2.1)."""

LONGEST_BLOCK: Final = 536
"""Bytes of a header of version 2: what fits into the smallest TCP segment (§2)."""

_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_WORD: Final = b"PROXY "
_FIXED: Final = 16  # bytes of a block before its addresses

_LOCAL, _PROXY = 0, 1
_FAMILIES: Final = range(4)  # unspecified, IPv4, IPv6, UNIX
_TRANSPORTS: Final = range(3)  # unspecified, stream, datagram
_TCP4, _TCP6 = 0x11, 0x21
#: How long both addresses with their ports are.
_ADDRESSES: Final = {_TCP4: 12, _TCP6: 36}


class Header(NamedTuple):
    """What the proxy said. An empty `peer` means: whoever opened the connection."""

    length: int
    peer: str = ""
    error: str = ""


def read(data: bytes) -> Header | None:
    """The header at the beginning of a connection, None while it is not complete; never raises."""
    if data.startswith(_SIGNATURE):
        return _read_block(data)
    if data.startswith(_WORD):
        return _read_line(data)
    if _SIGNATURE.startswith(data) or _WORD.startswith(data):
        return None
    return _malformed("there is no PROXY header")


def _malformed(why: str) -> Header:
    return Header(0, error=why)


# -- version 1: a line for people (§2.1) --


def _read_line(data: bytes) -> Header | None:
    end = data.find(b"\r\n", 0, LONGEST_LINE)
    if end < 0:
        return _malformed("the line is too long") if len(data) >= LONGEST_LINE else None
    length = end + 2
    family, _, rest = data[len(_WORD) : end].partition(b" ")
    # "the receiver must ignore anything presented before the CRLF is found"
    if family == b"UNKNOWN":
        return Header(length)
    fields = rest.split(b" ")
    if family not in (b"TCP4", b"TCP6") or len(fields) != 4:
        return _malformed("the line is neither TCP4, TCP6 nor UNKNOWN with what belongs to it")
    version = 4 if family == b"TCP4" else 6
    source, target = (_address(field, version) for field in fields[:2])
    if not source or not target or not all(map(_is_port, fields[2:])):
        return _malformed("an address or a port in the line is none")
    return Header(length, source)


def _address(field: bytes, version: int) -> str:
    """The address in its usual form, empty if it is none."""
    try:
        address = ipaddress.ip_address(field.decode("ascii"))
    except ValueError:
        return ""
    return str(address) if address.version == version and b"%" not in field else ""


def _is_port(field: bytes) -> bool:
    """A number "in the range [0..65535] inclusive", without leading zeros."""
    if not field.isdigit() or len(field) > 5 or (field[:1] == b"0" and field != b"0"):
        return False
    return int(field) <= 65_535


# -- version 2: a block for machines (§2.2) --


def _read_block(data: bytes) -> Header | None:
    if len(data) < _FIXED:
        return None
    command, kind = data[12], data[13]
    size = int.from_bytes(data[14:_FIXED], "big")
    length = _FIXED + size
    wrong = _objection(command, kind, size)
    if wrong:
        return _malformed(wrong)
    if len(data) < length:
        return None
    # LOCAL: "The receiver must accept this connection as valid and must use the real connection
    # endpoints and discard the protocol block including the family which is ignored."
    if command & 15 == _LOCAL:
        return Header(length)
    # What follows the addresses are extensions (§2.2.1 and on), of which none is of use here.
    return Header(length, _source(data, kind))


def _objection(command: int, kind: int, size: int) -> str:
    """What is wrong with the bytes after the signature, empty if nothing is."""
    # "the receiver must only accept this value … must drop connections presenting unexpected
    # values here"
    if command >> 4 != 2 or command & 15 not in (_LOCAL, _PROXY):
        return "this version or command is unknown"
    if _FIXED + size > LONGEST_BLOCK:
        return "the block is too long"
    if command & 15 == _LOCAL:
        return ""
    # "other values … must be rejected as invalid by receivers"
    if kind >> 4 not in _FAMILIES or kind & 15 not in _TRANSPORTS:
        return "this kind of address is unknown"
    return "the block is too short for its addresses" if size < _ADDRESSES.get(kind, 0) else ""


def _source(data: bytes, kind: int) -> str:
    """The client's address; empty for kinds that have none or that are of no use here.

    "A receiver is not required to implement other ones, provided that it automatically falls back
    to the UNSPEC mode".
    """
    if kind == _TCP4:
        return str(ipaddress.IPv4Address(data[16:20]))
    if kind == _TCP6:
        return str(ipaddress.IPv6Address(data[16:32]))
    return ""
