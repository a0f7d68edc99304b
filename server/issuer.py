"""The issuer whose tokens open accounts here: where its keys come from, and when they are read.

Keys are read at the start, again every `jwt.refresh`, and when a token comes that none of them has
signed, but for that no more often than once a minute. When they cannot be read, it is tried again
soon, then less and less often; the old ones stay good for a day beyond the time at which new ones
were due. After that nobody gets in with a token: whoever keeps us from reading could be using a key
that the issuer has long revoked.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from functools import partial
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, build_opener

from server import __version__, log
from server.sasl.bearer import NOT_SIGNED, Grant, NoKeysError, Trust, Verifier, parse_keys

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import Request

    from server.clock import Clock
    from server.config import Config
    from server.sasl.bearer import Key
    from server.tasks import Tasks

#: Bytes of a key set, and seconds to wait for all of it.
LARGEST: Final = 256 << 10
PATIENCE: Final = 10.0
#: Seconds until the next look after a key that is not known, or a first failure.
AGAIN: Final = 60.0
#: Seconds that keys stay good after new ones could not be read.
KEPT: Final = 86_400.0

_log = log.get(__name__)


class Issuer:
    """Checks tokens with keys that are kept fresh."""

    def __init__(self, config: Config, clock: Clock, tasks: Tasks) -> None:
        self._config = config.jwt
        self._folder = config.data
        self._clock = clock
        self._tasks = tasks
        self._keys: tuple[Key, ...] = ()
        self._good_until = 0.0
        self._looked = 0.0
        self._failures = 0  # since the last success
        self._reading = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
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
        keys = self._keys if self._clock.now() < self._good_until else ()
        verifier = Verifier(
            config.issuer, config.audience, keys, config.algorithms, config.claim,
            float(config.leeway),
        )  # fmt: skip
        outcome = verifier.verify(token, self._clock.utcnow())
        if outcome == NOT_SIGNED:
            self._look_again()
        return outcome

    def _look_again(self) -> None:
        """The issuer may have new keys; but nobody makes us ask all the time."""
        is_looking = self._looking is not None and not self._looking.done()
        if not is_looking and self._clock.now() - self._looked >= AGAIN:
            self._looking = self._tasks.spawn(self._read(), "issuer")

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self._pause())
            await self._read()

    def _pause(self) -> float:
        refresh = float(self._config.refresh)
        if not self._failures:
            return refresh
        return min(refresh, AGAIN * 2.0 ** min(self._failures - 1, 16))

    async def _read(self) -> None:
        """Replace the keys; what cannot be read leaves the old ones."""
        async with self._reading:
            self._looked = self._clock.now()
            try:
                self._keys = parse_keys(await _load(self._config.keys, self._folder))
            except (OSError, ValueError, HTTPException) as error:
                self._failures += 1
                _log.warning(
                    "issuer.keys_not_read",
                    source=self._config.keys,
                    error=str(error) or repr(error),
                )
            else:
                self._failures = 0
                self._good_until = self._looked + float(self._config.refresh) + KEPT


async def _load(source: str, folder: Path) -> bytes:
    """The bytes of a file or of what an https address gives. Raises OSError, HTTPException."""
    if not source.startswith("https://"):
        return await asyncio.to_thread(_read_file, folder, source)
    lines = _Lines()
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(_ask, source, lines)
    except TimeoutError:
        raise OSError(f"no answer within {PATIENCE:.0f} seconds") from None
    finally:
        lines.hang_up()


def _read_file(folder: Path, name: str) -> bytes:
    with (folder / Path(name).expanduser()).open("rb") as file:
        return _bounded(file.read(LARGEST + 1))


def _ask(source: str, lines: _Lines) -> bytes:
    opener = build_opener(_Straight, lines)
    opener.addheaders = [("User-Agent", f"Skerry/{__version__}"), ("Accept", "application/json")]
    try:
        with opener.open(source, timeout=PATIENCE) as answer:
            data = _bounded(answer.read(LARGEST + 1))
            if answer.length:
                raise NoKeysError("the answer broke off")
            return data
    except HTTPError as error:
        error.close()
        raise OSError(f"the answer was {error.code}") from None


def _bounded(data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise NoKeysError(f"more than {LARGEST >> 10} KiB, too much for keys")
    return data


class _Straight(HTTPRedirectHandler):
    """Keys come from where the operator said, and from nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """Follow nobody."""


class _Lines(HTTPSHandler):
    """Connections that can be ended by who has waited long enough: a thread cannot be."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: list[socket] = []

    def https_open(self, req: Request) -> HTTPResponse:
        """Connect to whom this machine trusts."""
        line = partial(_Line, opened=self._opened)
        return self.do_open(line, req, context=ssl.create_default_context())

    def hang_up(self) -> None:
        """Whoever still reads reads no more."""
        for line in self._opened:
            with suppress(OSError):
                socket.shutdown(line, SHUT_RDWR)


class _Line(HTTPSConnection):
    """Shows the socket to others; the library closes it when its answer has been read."""

    def __init__(self, host: str, *, opened: list[socket], **options: Any) -> None:
        super().__init__(host, **options)
        self._opened = opened

    def connect(self) -> None:
        """Connect, with TLS."""
        super().connect()
        self._opened.append(self.sock)
