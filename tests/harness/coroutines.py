"""Runs `async def` tests, each in an event loop of its own; a conftest takes it in by its name."""

import asyncio
import inspect
from collections.abc import Coroutine
from typing import Any, Final

import pytest

LONGEST: Final = 600.0
"""Seconds after which a test is said to hang."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run the test to its end when it is a coroutine function; leave others to pytest."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names if name in pyfuncitem.funcargs}
    asyncio.run(_within(pyfuncitem.obj(**arguments)))
    return True


async def _within(test: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(LONGEST):
        await test
