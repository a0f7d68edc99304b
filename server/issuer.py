"""The issuer whose tokens open accounts here: where its keys come from, and when they are read."""

from __future__ import annotations

import asyncio
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.request import HTTPRedirectHandler, build_opener

from server import __version__, log
from server.sasl.bearer import Grant, NoKeysError, Trust, Verifier, parse_keys

if TYPE_CHECKING:
    from server.clock import Clock
    from server.config import Config
    from server.sasl.bearer import Key
    from server.tasks import Tasks

#: Bytes of a key set, and how long to wait for one.
LARGEST: Final = 256 << 10
PATIENCE: Final = 10.0
#: How soon to look again after a key that is not known, or a failure.
AGAIN: Final = 60.0

_log = log.get(__name__)


class _Straight(HTTPRedirectHandler):
    """Keys come from where the operator said, and from nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """Follow nobody."""


class Issuer:
    """Checks tokens with keys that are kept fresh."""

    def __init__(self, config: Config, clock: Clock, tasks: Tasks) -> None:
        self._config = config.jwt
        self._folder = config.data
        self._clock = clock
        self._tasks = tasks
        self._keys: tuple[Key, ...] = ()
        self._looked = 0.0
        self._is_looking = False
        self.creates_accounts = self._config.create
        self.trust = Trust(
            self.verify, self._config.discovery, needs_address=len(config.server.domains) > 1
        )

    async def start(self) -> None:
        """Read the keys; without them nobody gets in with a token, but everybody else does."""
        await self._read()
        self._tasks.spawn(self._run(), "issuer")

    def verify(self, token: str) -> Grant | str:
        """Who the token says this is, or why it is not valid."""
        config = self._config
        verifier = Verifier(
            config.issuer, config.audience, self._keys, config.algorithms, config.claim,
            float(config.leeway),
        )  # fmt: skip
        outcome = verifier.verify(token, self._clock.utcnow())
        if not isinstance(outcome, Grant):
            self._look_again()
        return outcome

    def _look_again(self) -> None:
        """The issuer may have new keys; but nobody makes us ask all the time."""
        if not self._is_looking and self._clock.now() - self._looked >= AGAIN:
            self._is_looking = True
            self._tasks.spawn(self._read(), "issuer")

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(float(self._config.refresh) if self._keys else AGAIN)
            await self._read()

    async def _read(self) -> None:
        """Replace the keys; what cannot be read leaves the old ones."""
        self._looked = self._clock.now()
        try:
            data = await asyncio.to_thread(_load, self._config.keys, self._folder)
            self._keys = parse_keys(data)
        except (OSError, ValueError, HTTPException, NoKeysError) as error:
            _log.warning("issuer.keys_not_read", source=self._config.keys, error=str(error))
        finally:
            self._is_looking = False


def _load(source: str, folder: Path) -> bytes:
    """The bytes of a file or of what an https address gives."""
    if not source.startswith("https://"):
        return (folder / Path(source).expanduser()).read_bytes()[:LARGEST]
    opener = build_opener(_Straight)
    opener.addheaders = [("User-Agent", f"Skerry/{__version__}"), ("Accept", "application/json")]
    with opener.open(source, timeout=PATIENCE) as answer:
        data: bytes = answer.read(LARGEST)
    return data
