"""A text that those who run the server give to its users, at rest: one for each kind and domain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from server.control import Refused
from server.orders import LONGEST, is_sayable
from server.storage.settings import load_setting, save_setting

if TYPE_CHECKING:
    from server.storage.database import Database


class Text:
    """What is said, "" for nothing, and since when, in unix milliseconds."""

    def __init__(self, database: Database, kind: str, domain: str) -> None:
        self._database = database
        self._setting = f"{kind}.{domain}"
        self.text = ""
        self.since = 0

    async def load(self) -> None:
        """Read what was kept."""
        stored = await load_setting(self._database, self._setting)
        self.since, self.text = json.loads(stored) if stored else (0, "")

    async def keep(self, text: str, since: int) -> None:
        """Keep another text. Raises Refused."""
        if not is_sayable(text):
            raise Refused(f"a message has a text, of {LONGEST} bytes at most")
        await save_setting(self._database, self._setting, json.dumps([since, text]))
        self.text, self.since = text, since

    async def drop(self) -> None:
        """Keep nothing."""
        await save_setting(self._database, self._setting, "")
        self.text, self.since = "", 0
