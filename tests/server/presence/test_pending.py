"""Waiting only where there is something to wait for."""

from __future__ import annotations

import pytest

from server.presence.pending import all_of, finish


async def test_nothing_to_wait_for() -> None:
    assert all_of([]) is None
    assert all_of([None, None]) is None
    await finish(None)


async def test_in_order() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        done.append(number)

    await finish(all_of([work(1), None, work(2)]))
    assert done == [1, 2]


async def test_the_rest_is_not_left_lying_about() -> None:
    done: list[int] = []

    async def work(number: int) -> None:
        done.append(number)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await finish(all_of([work(1), work(2)]))
    assert done == [1]
