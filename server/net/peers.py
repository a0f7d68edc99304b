"""Who is at the other end: addresses, and what counts as one place on the network."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


def peer_of(transport: asyncio.BaseTransport) -> str:
    """The address of whoever opened the connection."""
    address = transport.get_extra_info("peername")
    return address[0] if address else ""


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
