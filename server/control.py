"""Orders to a running server, through a socket in its data folder that only its owner can open.

A request and its answer are one line of JSON each:

    {"verb": "user.delete", "arguments": {"jid": "anna@example.org"}}
    {"ok": true, "result": null}            or   {"ok": false, "error": "there is no such account"}
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from server import bugs, log
from server.tasks import Tasks

LONGEST: Final = 1 << 20
"""Bytes of a line, either way."""

PATIENCE: Final = 30.0
"""Seconds to wait for an answer."""

Verb = Callable[..., Awaitable[object]]
_log = log.get(__name__)


class Refused(Exception):
    """An order that cannot be followed; the text is for the person who gave it."""


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    verb: str
    arguments: dict[str, Any] = {}


class _Answer(msgspec.Struct, omit_defaults=True):
    ok: bool
    result: Any = None
    error: str = ""


class Control:
    """The listening side: a table of verbs, each an async function of named arguments."""

    def __init__(self, path: Path, verbs: Mapping[str, Verb], tasks: Tasks) -> None:
        self._path = path
        self._verbs = verbs
        self._tasks = tasks
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket that a crashed server left behind is replaced."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        umask = os.umask(0o177)
        try:
            with _short(self._path) as address:
                listener.bind(address)
        finally:
            os.umask(umask)
        self._server = await asyncio.start_unix_server(self._accept, sock=listener, limit=LONGEST)

    async def close(self) -> None:
        """Stop listening and take the socket away."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection in a task of our own."""
        self._tasks.spawn(self._serve(reader, writer), "control")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line after line until the other side hangs up."""
        try:
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(msgspec.json.encode(answer, enc_hook=str) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            _log.debug("control.hung_up")
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> _Answer:
        """Follow one order."""
        try:
            request = msgspec.json.decode(line, type=_Request)
        except msgspec.MsgspecError as error:
            return _Answer(False, error=f"not an order: {error}")
        verb = self._verbs.get(request.verb)
        if verb is None:
            return _Answer(False, error=f"this server knows no {request.verb}")
        try:
            result = await verb(**request.arguments)
        except Refused as refusal:
            return _Answer(False, error=str(refusal))
        except Exception as error:  # noqa: BLE001 - a border: the server outlives a bad order
            bug = bugs.record("control.failed", error, verb=request.verb)
            return _Answer(False, error=f"the server failed; its log tells more under {bug}")
        _log.info("control.followed", verb=request.verb)
        return _Answer(True, result)


class Absent(Exception):
    """No server listens in this data folder."""


def order(path: Path, verb: str, **arguments: object) -> Any:
    """Give an order to the server that listens at `path`, and wait for its result.

    Absent if none listens, Refused with the server's words if it will not.
    """
    line = msgspec.json.encode(_Request(verb, arguments)) + b"\n"
    try:
        with _short(path) as address, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(address)
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                answer = answers.readline(LONGEST)
    except (FileNotFoundError, ConnectionRefusedError):
        raise Absent from None
    except OSError as error:
        raise Refused(f"the server at {path} does not answer: {error}") from None
    if not answer.endswith(b"\n"):
        raise Refused("the server hung up before it answered")
    reply = msgspec.json.decode(answer, type=_Answer)
    if not reply.ok:
        raise Refused(reply.error)
    return reply.result


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for `path` that fits into the address of a socket: 107 bytes at most."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
