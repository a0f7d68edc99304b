"""Profanity with OMEMO: its commands typed, and what it shows."""

import asyncio
import re
import xml.etree.ElementTree as ET

from interop.capabilities import Situation
from interop.clients.sealed_talk import Party
from interop.clients.with_profanity.client import Profanity
from interop.clients.with_profanity.terminal import Terminals, wait_until

_NS = "eu.siacs.conversations.axolotl"
_PUBLISH = "{http://jabber.org/protocol/pubsub}publish"
_DEVICE = re.compile(r"OMEMO crytographic materials generated\. Your Device ID is (\d+)")
_OWN = re.compile(r"Your OMEMO fingerprint: (\S+)")
_THEIRS = re.compile(r"'s OMEMO fingerprint: (?P<fingerprint>\S+)(?P<trusted> \(trusted\))?")
_REFUSED = "This message cannot be decrypted for any recipient"


class Typist:
    """Somebody who encrypts with Profanity; trusts by hand only."""

    def __init__(self, client: Profanity) -> None:
        self.jid = client.jid
        self.device_id = 0
        self._there = client

    @classmethod
    async def login(cls, screens: Terminals, name: str, jid: str, situation: Situation) -> "Typist":
        """Log in, make keys, and wait until the server has them and the list of devices."""
        typist = cls(Profanity(screens, name, jid, situation))
        await asyncio.to_thread(typist._login)
        return typist

    def _login(self) -> None:
        there = self._there.logged_in()
        there.type("/omemo trustmode manual", "/omemo gen")
        self.device_id = int(self._read(_DEVICE))
        for node in (f"{_NS}.devicelist", f"{_NS}.bundles:{self.device_id}"):
            self._wait_until_published(node)

    def _wait_until_published(self, node: str) -> None:
        """Wait for the server's yes to what we published last at that node."""

        def is_yes(stanza: ET.Element) -> bool:
            sent = [each for each in self._there.stanzas("SENT") if _publishes(each, node)]
            return bool(sent) and (stanza.get("id"), stanza.get("type")) == (
                sent[-1].get("id"),
                "result",
            )

        self._there.wait_for("RECV", is_yes)

    def _read(self, pattern: re.Pattern[str]) -> str:
        """What the screen shows, once it does."""
        found: list[str] = []

        def look() -> bool:
            found[:] = pattern.findall("\n".join(self._there.terminal.screen()))
            return bool(found)

        wait_until(look, pattern.pattern, self._there.terminal.screen)
        return found[-1]

    async def ask(self, jid: str) -> None:
        self._there.type(f"/sub request {jid}")

    async def allow(self, jid: str) -> None:
        await asyncio.to_thread(
            self._there.wait_for,
            "RECV",
            lambda stanza: (stanza.get("type"), stanza.get("from")) == ("subscribe", jid),
        )
        self._there.type(f"/sub allow {jid}")

    async def fingerprint(self) -> str:
        self._there.type("/win 1", "/omemo fingerprint")
        return _digits(await asyncio.to_thread(self._read, _OWN))

    async def leaves_out(self, other: Party, text: str) -> bool:
        return await asyncio.to_thread(self._leaves_out, other, text)

    def _leaves_out(self, other: Party, text: str) -> bool:
        self._learn(other)
        refusals, sent = self._refusals(), len(self._sealed())
        self._there.type(text)
        wait_until(
            lambda: self._refusals() > refusals or len(self._sealed()) > sent,
            "what becomes of the text",
            self._there.terminal.screen,
        )
        keys = {key.get("rid") for stanza in self._sealed() for key in stanza.iter(f"{{{_NS}}}key")}
        return str(other.device_id) not in keys

    def _learn(self, other: Party) -> None:
        """Wait until the server tells of a device, and have its keys."""
        self._there.wait_for("RECV", lambda stanza: _lists(stanza, other.device_id))
        self._there.open_chat(other.jid)
        self._begin_anew()
        self._there.wait_for("RECV", lambda stanza: _brings(stanza, other.device_id))

    def _begin_anew(self) -> None:
        """Have it look at the devices again, which it does only when a conversation begins."""
        if "[OMEMO]" in self._there.terminal.screen()[0]:
            self._there.type("/omemo end")
        self._there.type("/omemo start")

    def _refusals(self) -> int:
        return sum(_REFUSED in line for line in self._there.terminal.screen())

    def _sealed(self) -> list[ET.Element]:
        """The texts that went out encrypted."""
        path = f"{{{_NS}}}encrypted/{{{_NS}}}payload"
        return [each for each in self._there.stanzas("SENT") if each.find(path) is not None]

    async def trust(self, other: Party) -> None:
        await asyncio.to_thread(self._trust, other, await other.fingerprint())

    def _trust(self, other: Party, fingerprint: str) -> None:
        self._learn(other)
        self._there.type(f"/omemo fingerprint {other.jid}")
        shown = self._shown_fingerprint(fingerprint, trusted=False)
        self._there.type(f"/omemo trust {shown}")
        self._shown_fingerprint(fingerprint, trusted=True)
        self._begin_anew()  # with a device that it trusts it agrees on keys now
        agreed = re.compile(
            rf"\[OMEMO\] (?:create )?session with {re.escape(other.jid)} device {other.device_id}\b"
        )
        wait_until(
            lambda: bool(agreed.search(self._there.log())), "a session", self._there.terminal.screen
        )

    def _shown_fingerprint(self, fingerprint: str, *, trusted: bool) -> str:
        """The fingerprint as the screen shows it, trusted or not."""
        found: list[str] = []

        def look() -> bool:
            screen = "\n".join(self._there.terminal.screen())
            found[:] = [
                each["fingerprint"]
                for each in _THEIRS.finditer(screen)
                if (_digits(each["fingerprint"]), each["trusted"] is not None)
                == (fingerprint, trusted)
            ]
            return bool(found)

        wait_until(look, f"the fingerprint {fingerprint}", self._there.terminal.screen)
        return found[-1]

    async def say(self, to: str, text: str) -> None:
        await asyncio.to_thread(self._there.open_chat, to)
        self._there.type(text)

    async def say_openly(self, to: str, text: str) -> None:
        await asyncio.to_thread(self._there.open_chat, to)
        self._there.type("/omemo end", text)

    async def hear(self, sender: str, text: str) -> None:
        await asyncio.to_thread(self._hear, sender, text)

    def _hear(self, sender: str, text: str) -> None:
        self._there.wait_for("RECV", lambda stanza: _is_text_from(stanza, sender))
        self._there.open_chat(sender)
        wait_until(lambda: text in self._there.texts(), text, self._there.terminal.screen)

    async def transcript(self) -> list[str]:
        return self._there.texts()


def _digits(fingerprint: str) -> str:
    return fingerprint.replace("-", "")


def _publishes(stanza: ET.Element, node: str) -> bool:
    return any(each.get("node") == node for each in stanza.iter(_PUBLISH))


def _lists(stanza: ET.Element, device_id: int) -> bool:
    """Whether the server tells of this device."""
    return any(each.get("id") == str(device_id) for each in stanza.iter(f"{{{_NS}}}device"))


def _brings(stanza: ET.Element, device_id: int) -> bool:
    """Whether the server gives the keys of this device."""
    node = f"{_NS}.bundles:{device_id}"
    return stanza.get("type") == "result" and any(
        each.get("node") == node and len(each) > 0 for each in stanza.iter() if each.get("node")
    )


def _is_text_from(stanza: ET.Element, sender: str) -> bool:
    return (
        stanza.tag == "message"
        and stanza.find("body") is not None
        and str(stanza.get("from")).startswith(sender)
    )
