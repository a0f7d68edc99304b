"""Gives the event loop its turns, so that a test need not sleep."""

import asyncio

TURNS = 20


async def settle(turns: int = TURNS) -> None:
    """Let everything that is ready run."""
    for _ in range(turns):
        await asyncio.sleep(0)
