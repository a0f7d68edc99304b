"""Profanity in a terminal, and what it says in its log of the stanzas it got and sent."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Literal

from interop.capabilities import Situation
from interop.clients.with_profanity.terminal import Terminal, Terminals, wait_until

_MESSAGE = re.compile(r"^\d\d:\d\d:\d\d [-~] (?:[*+] )?(?P<sender>[^:]+): (?P<text>.*)$")
_STANZA = re.compile(r": DBG: (?P<way>RECV|SENT): (?P<xml><(?:iq|message|presence)\b.*)$", re.M)

PREFERENCES = """\
[ui]
splash=false
wrap=false

[connection]
reconnect=1
"""

ACCOUNT = """\
[{jid}]
enabled=true
jid={jid}
server={host}
port={port}
password={password}
resource={resource}
tls.policy={policy}
presence.last=online
presence.login=online
"""


class Profanity:
    """One running Profanity with folders of its own; it trusts the server's certificate only."""

    def __init__(
        self, terminals: Terminals, name: str, jid: str, situation: Situation, *,
        direct_tls: bool = False, port: int | None = None,
    ) -> None:  # fmt: skip
        self.jid = jid
        self.full_jid = f"{jid}/{name}"
        folder = terminals.folder / name
        self._log = folder / "data" / "profanity" / "logs" / "profanity.log"
        for part in ("config", "data"):
            (folder / part / "profanity").mkdir(parents=True)
        (folder / "config" / "profanity" / "profrc").write_text(PREFERENCES)
        (folder / "data" / "profanity" / "accounts").write_text(
            ACCOUNT.format(
                jid=jid,
                resource=name,
                host=situation.host,
                port=port or (situation.c2s_tls if direct_tls else situation.c2s),
                password=situation.password,
                policy="legacy" if direct_tls else "force",
            )
        )
        self.terminal: Terminal = terminals.open(
            name,
            ["profanity", "-l", "DEBUG", "-a", jid],
            {
                "XDG_CONFIG_HOME": str(folder / "config"),
                "XDG_DATA_HOME": str(folder / "data"),
                "SSL_CERT_FILE": situation.certificate,
                "SSL_CERT_DIR": str(folder),
            },
        )

    def logged_in(self) -> "Profanity":
        """Wait for the login, and until the server has its presence and its wish for carbons."""
        self.terminal.wait_for_text("logged in successfully")
        self.wait_for("RECV", lambda stanza: stanza.get("type") == "result")
        return self

    @property
    def encrypted(self) -> bool:
        """What the title bar shows."""
        return any("[TLS]" in line for line in self.terminal.screen())

    def type(self, *lines: str) -> None:
        """Type commands or messages."""
        for line in lines:
            self.terminal.type(line)

    def open_chat(self, peer: str) -> None:
        """Show the window of a chat."""
        self.type(f"/msg {peer}")
        wait_until(lambda: peer in self.terminal.screen()[0], "the chat", self.terminal.screen)

    def shown(self, count: int) -> list[str]:
        """The texts of others in this window, once there are so many."""
        return self._shown(count, lambda sender: sender != "me")

    def shown_own(self, count: int) -> list[str]:
        """Our own texts in this window, once there are so many."""
        return self._shown(count, lambda sender: sender == "me")

    def texts(self, likes: Callable[[str], bool] = lambda _: True) -> list[str]:
        """The texts in this window, of those senders only whom the function likes."""
        found = [match for line in self.terminal.screen() if (match := _MESSAGE.match(line))]
        return [match["text"] for match in found if likes(match["sender"])]

    def _shown(self, count: int, likes: Callable[[str], bool]) -> list[str]:
        wait_until(
            lambda: len(self.texts(likes)) >= count, f"{count} messages", self.terminal.screen
        )
        return self.texts(likes)

    def stanzas(self, way: Literal["RECV", "SENT"]) -> list[ET.Element]:
        """Every stanza so far that went this way."""
        return [
            ET.fromstring(found["xml"])
            for found in _STANZA.finditer(self.log())
            if found["way"] == way
        ]

    def log(self) -> str:
        """What it has noted so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_for(
        self, way: Literal["RECV", "SENT"], likes: Callable[[ET.Element], bool]
    ) -> ET.Element:
        """The first stanza of this sort, once it is there."""
        found: list[ET.Element] = []

        def look() -> bool:
            found[:] = [stanza for stanza in self.stanzas(way) if likes(stanza)]
            return bool(found)

        wait_until(look, f"{way} stanza", self.terminal.screen)
        return found[0]

    @property
    def resumed(self) -> bool:
        """Whether the server has let it resume."""
        return ": RECV: <resumed " in self.log()

    def roster_item(self, jid: str) -> ET.Element | None:
        """The last that the server told about a contact."""
        items = [
            item
            for stanza in self.stanzas("RECV")
            for item in stanza.iter("{jabber:iq:roster}item")
            if item.get("jid") == jid
        ]
        return items[-1] if items else None
