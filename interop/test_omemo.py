"""slixmpp-omemo: end-to-end encryption, and that the server never has what is encrypted."""

import base64
import dataclasses
import pathlib
import secrets
from collections.abc import Iterator

import pytest

from interop import scenario
from interop.capabilities import CAPABILITIES
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import python_with

REQUIREMENTS = ["slixmpp==1.17.0", "slixmpp-omemo==2.2.0"]

CLIENT = scenario.Client(
    "slixmpp-omemo",
    lambda: [
        python_with("omemo", REQUIREMENTS),
        *("-W", "ignore", "-m", "interop.clients.with_omemo.scenarios"),
    ],
    asked=("omemo_axolotl", "omemo_2"),
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


@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_omemo(capability: str, server: Instance, matrix: Matrix) -> None:
    command = scenario.prepared(CLIENT)
    fresh = server.situation()
    marks = [secrets.token_hex(24) for _ in (*fresh.texts, fresh.in_the_clear)]
    situation = dataclasses.replace(fresh, texts=tuple(marks[:-1]), in_the_clear=marks[-1])
    with matrix.recording(CLIENT.name, capability):
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
