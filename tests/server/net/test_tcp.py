"""Connections whose peer does not play along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.net.flusher import Flusher
from tests.harness.house import House
from tests.harness.wire import WireClient

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("unread", [0, 5])
async def test_who_does_not_read_the_goodbye_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, unread: int
) -> None:
    later: list[Callable[[], None]] = []
    monkeypatch.setattr(Flusher, "later", lambda _, __, callback: later.append(callback))
    async with House() as house:
        client = WireClient(house)
        client.transport.unread = unread
        client.connection.close()
        assert not client.transport.was_aborted
        assert bool(later) is bool(unread)
        for callback in later:
            callback()
        assert client.transport.was_aborted is bool(unread)
        client.vanish()
        for callback in later:
            callback()
