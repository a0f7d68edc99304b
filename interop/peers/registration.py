"""Makes accounts as clients do, which works with every server (XEP-0077 §3.1)."""

import asyncio
from collections.abc import Iterable

from interop.peers.wire import Wire


def register(port: int, accounts: Iterable[tuple[str, str]]) -> None:
    """Register them one after another; those that exist already stay."""
    asyncio.run(_register_all(port, accounts))


async def _register_all(port: int, accounts: Iterable[tuple[str, str]]) -> None:
    for jid, password in accounts:
        name, _, domain = jid.partition("@")
        wire = await Wire.open(port, domain)
        await wire.register(name, password)
        await wire.close()
