"""Finds what a notification is about: messages are in the database, not in memory."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lxml import etree

from extensions.push import store
from server.jid import JID, JIDMalformed
from server.stanza import Stanza, qualify
from server.storage.errors import StorageError
from server.stream.reader import parse

if TYPE_CHECKING:
    from server.server import Server


class Contents:
    """The stored messages of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def find(self, mid: int) -> Stanza | None:
        """A message; None if it is gone."""
        journal = self._server.journal
        if journal.last > journal.durable:
            # What cannot be written can still be read.
            with suppress(StorageError):
                await journal.sync()
        wire = await store.stanza(self._server.database, mid)
        stanza = None if wire is None else read(wire)
        if stanza is not None:
            stanza.mid = mid
        return stanza


def read(wire: bytes) -> Stanza | None:
    """A stored message; None if it cannot be read, which would be a fault of ours."""
    try:
        element = parse(qualify(wire))
        to, sender = JID.parse(element.get("to", "")), JID.parse(element.get("from", ""))
    except (etree.XMLSyntaxError, JIDMalformed):
        return None
    return Stanza("message", element, to, sender)
