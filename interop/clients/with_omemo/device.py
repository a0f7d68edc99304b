"""One device with slixmpp and its OMEMO plugin, which trusts nobody unless it is told to."""

# mypy: ignore-errors
# (the libraries live in an environment of their own)

import asyncio
from typing import Any

from omemo.session_manager import MessageNotForUs
from omemo.storage import Just, Nothing, Storage
from slixmpp import JID
from slixmpp.plugins import register_plugin
from slixmpp_omemo import XEP_0384, TrustLevel
from slixmpp_omemo.xep_0384 import OLDMEMO_DEVICE_LIST_NODE, TWOMEMO_DEVICE_LIST_NODE

from interop.capabilities import Situation
from interop.clients.with_omemo.dialects import Dialect
from interop.clients.with_slixmpp.client import PATIENCE, Client

_PAUSE = 0.05
_INTERESTS = (OLDMEMO_DEVICE_LIST_NODE, TWOMEMO_DEVICE_LIST_NODE)


class Memory(Storage):
    """Keys of a device that lives as long as its process."""

    def __init__(self) -> None:
        super().__init__()
        self._values: dict[str, Any] = {}

    async def _load(self, key: str) -> Any:
        return Just(self._values[key]) if key in self._values else Nothing()

    async def _store(self, key: str, value: Any) -> None:
        self._values[key] = value

    async def _delete(self, key: str) -> None:
        self._values.pop(key, None)


class Untrusting(XEP_0384):
    """The plugin as a careful person has set it up: no trust before fingerprints are compared."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._memory = Memory()

    @property
    def storage(self) -> Storage:
        return self._memory

    @property
    def _btbv_enabled(self) -> bool:
        return False

    async def _prompt_manual_trust(self, *_: Any) -> None:
        """Nobody answers: whoever is undecided stays so, and encryption fails."""


register_plugin(Untrusting)


class Device(Client):
    """A client that seals and opens its messages."""

    def __init__(self, jid: str, situation: Situation, dialect: Dialect) -> None:
        super().__init__(jid, situation)
        self._dialect = dialect
        for name in ("xep_0115", "xep_0280", "xep_0334"):
            self.register_plugin(name)
        self.register_plugin("xep_0384", module=Untrusting)
        self.sealed: asyncio.Queue[Any] = asyncio.Queue()
        self.add_event_handler("message", self.sealed.put_nowait)
        for way in ("received", "sent"):
            self.add_event_handler(
                f"carbon_{way}", lambda copy, way=way: self.sealed.put_nowait(copy[f"carbon_{way}"])
            )

    async def login(self, **_: Any) -> "Device":
        """Log in, and wait until the keys are published and copies are ordered."""
        ready = asyncio.ensure_future(self.wait_until("omemo_initialized", PATIENCE))
        await super().login(presence=False)
        await ready
        await self.get_roster()
        # COMPAT: slixmpp 1.17 notes interests for the address before a resource is bound to it.
        self["xep_0163"].add_interest(list(_INTERESTS))
        await self.appear()
        await self["xep_0280"].enable()
        return self

    async def manager(self) -> Any:
        """The plugin's keeper of devices and sessions."""
        return await self["xep_0384"].get_session_manager()

    def jid(self, text: str) -> JID:
        return JID(text)

    async def own(self) -> Any:
        """This device, as it shows itself to its owner."""
        device, _ = await (await self.manager()).get_own_device_information()
        return device

    async def trust(self, other: "Device") -> None:
        """Compare the fingerprints as people do, and trust."""
        manager = await other.manager()
        fingerprint = "".join(manager.format_identity_key((await other.own()).identity_key))
        await self.trust_device(await self.find(other), fingerprint)

    async def trust_device(self, device: Any, fingerprint: str) -> None:
        """Trust a device that the server tells of, if this is its fingerprint."""
        manager = await self.manager()
        assert "".join(manager.format_identity_key(device.identity_key)) == fingerprint
        await manager.set_trust(device.bare_jid, device.identity_key, TrustLevel.TRUSTED.value)

    async def find(self, other: "Device") -> Any:
        """What the server tells of the other device, once it does so for both protocols."""
        device_id = (await other.own()).device_id
        return await self.discover(other.boundjid.bare, device_id, protocols=2)

    async def discover(self, jid: str, device_id: int, *, protocols: int = 1) -> Any:
        """What the server tells of a device."""
        manager = await self.manager()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            for device in await manager.get_device_information(jid):
                if device.device_id == device_id and len(device.namespaces) >= protocols:
                    return device
            await asyncio.sleep(_PAUSE)
        raise TimeoutError(f"{self.boundjid} does not hear of device {device_id} of {jid}")

    async def say(self, to: str, text: str) -> None:
        """Send a text that only devices can read which this one trusts."""
        (await self._dialect.seal(self, to, text)).send()

    async def hear(self, count: int = 1) -> list[str]:
        """The next texts, from devices that this one trusts, however they came."""
        texts: list[str] = []
        while len(texts) < count:
            message = await asyncio.wait_for(self.sealed.get(), PATIENCE)
            if (text := await self._read(message)) is not None:
                texts.append(text)
        return texts

    async def _read(self, message: Any) -> str | None:
        """The text, if there is one; what has none serves the keys of one device only."""
        if not self._is_sealed(message):
            return None
        try:
            text, device = await self._dialect.open(self, message)
        except MessageNotForUs:
            if self._has_text(message):
                raise
            return None
        assert text is None or device.trust_level_name == TrustLevel.TRUSTED.value
        return text

    def _is_sealed(self, message: Any) -> bool:
        return message.xml.find(f"{{{self._dialect.namespace}}}encrypted") is not None

    def _has_text(self, message: Any) -> bool:
        namespace = self._dialect.namespace
        return message.xml.find(f"{{{namespace}}}encrypted/{{{namespace}}}payload") is not None

    async def surplus(self) -> int:
        """How many texts came beyond those expected; a round trip flushes them out."""
        await self["xep_0199"].ping(self.boundjid.domain, timeout=PATIENCE)
        waiting = [self.sealed.get_nowait() for _ in range(self.sealed.qsize())]
        return sum(map(self._has_text, waiting))
