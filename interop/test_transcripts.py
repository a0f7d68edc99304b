"""The conversations of `tests/transcripts`, with this server and with others, over sockets.

Where a transcript fails with the others it may be the transcript that is wrong. Where a server is
known to differ, the transcript says so; the table at the end lists who differs from whom. What
another server does only sometimes is listed as "unsteady" there, and no failure: this server is
the one under test, and has to be right each time.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from interop.instance import free_base
from interop.matrix import Matrix
from interop.peers.ejabberd import control_script
from interop.peers.wire import Wire
from interop.programs import ROOT, Unavailable, find
from interop.scenario import leave_out
from tests.harness.transcript.playing import Deviation, Line, play
from tests.harness.transcript.reading import Transcript, read_all
from tests.harness.transcript.table import Table

DOMAIN = "capulet.example"
PASSWORD = "secret"
OURS = "skerry"
SERVERS: dict[str, tuple[str, Callable[[], object]]] = {
    OURS: ("interop.adapter", lambda: None),
    "prosody": ("interop.peers.prosody", lambda: find("prosody")),
    "ejabberd": ("interop.peers.ejabberd", control_script),
}
"""The adapter of each, and what looks for its program."""
ATTEMPTS = 3
"""How often another server is asked before it is said to differ."""

VARIANT = os.environ.get("INTEROP_VARIANT", "")

TRANSCRIPTS = read_all()


class Outdoors:
    """A server in a process of its own, as a place for transcripts."""

    def __init__(self, server: str, port: int) -> None:
        self.server = server
        self.domain = DOMAIN
        self._port = port

    async def register(self, name: str) -> None:
        wire = await Wire.open(self._port, self.domain)
        await wire.register(name, PASSWORD)
        await wire.close()

    async def connect(self, name: str) -> Line:
        wire = await Wire.open(self._port, self.domain)
        await wire.authenticate(name, PASSWORD)
        return wire

    async def settle(self, lines: Sequence[Line]) -> None:
        for line in [*lines, *lines]:  # what the first round sets off arrives by the second
            assert isinstance(line, Wire)
            await line.sync()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[pytest.mark.every_backend] if name == OURS else [])
        for name in SERVERS
    ],
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outdoors]:
    """One server for all transcripts."""
    module, find_program = SERVERS[request.param]
    try:
        find_program()
    except Unavailable as reason:
        leave_out(str(reason))
    workdir = tmp_path_factory.mktemp(request.param)
    adapter = [
        *(sys.executable, "-m", module, "--workdir", str(workdir)),
        *("--port-base", str(free_base()), "--domain", DOMAIN),
        *(("--variant", VARIANT) if VARIANT and request.param == OURS else ()),
    ]
    try:
        ask(*adapter, "start")
        yield Outdoors(request.param, json.loads(ask(*adapter, "ports"))["c2s"])
    finally:
        ask(*adapter, "stop")


def ask(*argv: str) -> str:
    """Let an adapter do something."""
    result = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        pytest.fail(result.stdout + result.stderr, pytrace=False)
    return result.stdout


@pytest.fixture(scope="module")
def table(matrix: Matrix) -> Iterator[Table]:
    """Who differs from the transcripts, shown at the end."""
    table = Table()
    yield table
    matrix.suite("transcripts", f"\n{table.render()}\n")


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=[each.id for each in TRANSCRIPTS])
def test_transcript(transcript: Transcript, place: Outdoors, table: Table) -> None:
    if reason := transcript.lacking.get(place.server):
        table.lacks(place.server, transcript, reason)
        return
    for attempt in range(1, ATTEMPTS + 1):
        try:
            seen = asyncio.run(play(transcript, place))
        except Deviation as deviation:
            if place.server == OURS or attempt == ATTEMPTS:
                raise pytest.fail.Exception(str(deviation), pytrace=False) from None
            table.wavers(place.server, transcript, str(deviation))
        else:
            break
    for difference in seen:
        table.differs(transcript, difference)
