"""Who is at the other end: addresses, and what counts as one place on the network."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The address of whoever opened the connection.

    One of IPv4 is told as such, as people and programs that read logs know it, though a socket for
    both calls it an address of IPv6 (RFC 4291 §2.5.5.2).
    """
    address = transport.get_extra_info("peername")
    if not address:
        return ""
    text: str = address[0]
    mapped = text.removeprefix("::ffff:")
    return text if ":" in mapped else mapped


@lru_cache(maxsize=4096)
def subnet(address: str) -> str:
    """What counts as one place: an address of IPv4, a /64 of IPv6; one person has that much."""
    if ":" not in address:
        return address
    parsed = ipaddress.IPv6Address(address.partition("%")[0])
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))


def is_here(place: str) -> bool:
    """Whether that place is this machine: a proxy, perhaps, behind which everybody is."""
    return place.startswith("127.") or place in ("::/64", "")
