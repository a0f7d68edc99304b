"""Orders to a running server."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server import control
from server.control import Absent, Control, Refused, order
from server.tasks import Tasks


async def greet(name: str) -> list[str]:
    return ["hello", name]


async def refuse() -> None:
    raise Refused("not today")


async def crash() -> None:
    raise KeyError("secret detail")


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[None]:
    async with Tasks("test") as tasks:
        listener = Control(path, {"greet": greet, "refuse": refuse, "crash": crash}, tasks)
        await listener.start()
        try:
            yield
        finally:
            await listener.close()


async def test_an_order_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with running(path):
        assert path.stat().st_mode & 0o777 == 0o600
        assert await asyncio.to_thread(order, path, "greet", name="Änne") == ["hello", "Änne"]
    assert not path.exists()


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("refuse", "^not today$"),
        ("dance", "^this server knows no dance$"),
        ("crash", r"^the server failed; its log tells more under [0-9a-f]{8}$"),
        ("greet", "^the server failed"),
    ],
)
async def test_a_refusal_has_words(tmp_path: Path, verb: str, words: str) -> None:
    path = tmp_path / "control.sock"
    async with running(path):
        with pytest.raises(Refused, match=words):
            await asyncio.to_thread(order, path, verb)


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{\n", b'{"verb": 1}\n', b"\xff\n"])
async def test_nonsense_is_answered(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "control.sock"
    async with running(path):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        assert b'{"ok":false,"error":"not an order' in await reader.readline()
        writer.close()


async def test_a_line_without_end_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "LONGEST", 100)
    path = tmp_path / "control.sock"
    async with running(path):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x" * 1000)
        assert await reader.read() == b""
        writer.close()


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(Absent):
        order(tmp_path / "control.sock", "greet", name="x")


def test_a_crashed_server_left_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(Absent):
        order(path, "greet", name="x")


async def test_a_socket_of_a_crashed_server_is_replaced_even_in_a_deep_folder(
    tmp_path: Path,
) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    (folder / "control.sock").touch()
    async with running(folder / "control.sock"):
        result = await asyncio.to_thread(order, folder / "control.sock", "greet", name="x")
    assert result == ["hello", "x"]
