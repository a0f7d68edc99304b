"""A device with slixmpp and its OMEMO plugin, in conversation with another client."""

# mypy: ignore-errors
# (the libraries live in an environment of their own)

from omemo.session_manager import StillUndecided

from interop.capabilities import Situation
from interop.clients.sealed_talk import Party
from interop.clients.with_omemo.device import Device
from interop.clients.with_omemo.dialects import Axolotl


class Correspondent:
    """Somebody who encrypts with slixmpp; trusts by hand only."""

    def __init__(self, device: Device) -> None:
        self.jid = device.boundjid.bare
        self.device_id = 0
        self._there = device
        self._transcript: list[str] = []

    @classmethod
    async def login(cls, jid: str, situation: Situation) -> "Correspondent":
        """Log in, with keys made and published."""
        correspondent = cls(await Device(jid, situation, Axolotl()).login())
        correspondent.device_id = (await correspondent._there.own()).device_id
        return correspondent

    async def ask(self, jid: str) -> None:
        self._there.send_presence_subscription(jid)

    async def allow(self, jid: str) -> None:
        await self._there.presence("subscribe", jid)
        self._there.send_presence_subscription(jid, ptype="subscribed")

    async def fingerprint(self) -> str:
        manager = await self._there.manager()
        return "".join(manager.format_identity_key((await self._there.own()).identity_key))

    async def leaves_out(self, other: Party, text: str) -> bool:
        await self._there.discover(other.jid, other.device_id)
        try:
            await self._there.say(other.jid, text)
        except StillUndecided:
            return True
        return False

    async def trust(self, other: Party) -> None:
        device = await self._there.discover(other.jid, other.device_id)
        await self._there.trust_device(device, await other.fingerprint())

    async def say(self, to: str, text: str) -> None:
        await self._there.say(to, text)
        self._transcript.append(text)

    async def say_openly(self, to: str, text: str) -> None:
        self._there.send_message(to, text, mtype="chat")

    async def hear(self, sender: str, text: str) -> None:
        while text not in self._transcript:
            self._transcript += await self._there.hear()

    async def transcript(self) -> list[str]:
        assert await self._there.surplus() == 0
        return self._transcript
