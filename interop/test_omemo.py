"""End-to-end encryption, and that the server never has what is encrypted."""

import base64
import dataclasses
import pathlib
import secrets
import sys
from collections.abc import Iterator

import pytest

from interop import scenario
from interop.capabilities import CAPABILITIES
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import find, python_with

REQUIREMENTS = ["slixmpp==1.17.0", "slixmpp-omemo==2.2.0"]


def _slixmpp(module: str) -> list[str]:
    return [
        python_with("omemo", REQUIREMENTS),
        *("-W", "ignore", "-m", f"interop.clients.with_omemo.{module}"),
    ]


def _profanity(command: list[str]) -> list[str]:
    find("tmux")
    find("profanity")
    return command


CLIENTS = (
    scenario.Client(
        "slixmpp-omemo", lambda: _slixmpp("scenarios"), asked=("omemo_axolotl", "omemo_2")
    ),
    scenario.Client(
        "Profanity",
        lambda: _profanity([sys.executable, "-m", "interop.clients.with_profanity.scenarios"]),
        asked=("omemo_axolotl",),
    ),
    scenario.Client(
        "Profanity + slixmpp-omemo",
        lambda: _profanity(_slixmpp("with_profanity")),
        asked=("omemo_axolotl",),
    ),
)


@pytest.fixture
def server(tmp_path: pathlib.Path) -> Iterator[Instance]:
    """A server that may be stopped, and whose folder holds nobody else's messages."""
    instance = Instance(tmp_path)
    try:
        instance.start()
        yield instance
    finally:
        instance.stop()


@pytest.mark.parametrize(
    ("client", "capability"),
    [(client, capability) for client in CLIENTS for capability in client.capabilities()],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_omemo(client: scenario.Client, capability: str, server: Instance, matrix: Matrix) -> None:
    command = scenario.prepared(client)
    fresh = server.situation()
    marks = [secrets.token_hex(24) for _ in (*fresh.texts, fresh.in_the_clear)]
    situation = dataclasses.replace(fresh, texts=tuple(marks[:-1]), in_the_clear=marks[-1])
    with matrix.recording(client.name, capability):
        seen = scenario.observe(command, capability, situation, {})
        CAPABILITIES[capability].check(seen, situation)
        server.stop()
        # Who searches finds: this text came by the same way, without encryption.
        assert _files_with(server.workdir, situation.in_the_clear)
        for text in situation.texts:
            assert not _files_with(server.workdir, text)


def _files_with(folder: pathlib.Path, text: str) -> list[str]:
    """The files with this text in them, plain or as Base64 wherever in it the text begins."""
    wanted = [text.encode(), text.encode("utf-16-le"), *_in_base64(text.encode())]
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [
        str(path) for path, content in contents.items() if any(each in content for each in wanted)
    ]


def _in_base64(text: bytes) -> list[bytes]:
    """The middles of the three ways in which Base64 can hold it."""
    return [base64.b64encode(b"?" * shift + text)[4:-4] for shift in range(3)]
