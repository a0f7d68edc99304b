"""Every transcript, against the server in this process.

The same ones run in `interop/test_transcripts.py` over sockets, against other servers too.
"""

from __future__ import annotations

import pytest

from server import rooms
from server.config import load
from tests.harness.house import House
from tests.harness.transcript.indoors import Indoors
from tests.harness.transcript.playing import Deviation, play
from tests.harness.transcript.reading import Transcript, read_all

TRANSCRIPTS = read_all()


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=[each.id for each in TRANSCRIPTS])
async def test_transcript(transcript: Transcript) -> None:
    async with House(rooms.extensions(load(environ={}))) as house:
        try:
            seen = await play(transcript, Indoors(house))
        except Deviation as deviation:
            raise pytest.fail.Exception(str(deviation), pytrace=False) from None
        assert not [each.reason for each in seen if each.verdict == "wrong"]


def test_every_transcript_has_a_name_of_its_own() -> None:
    names = [each.id for each in TRANSCRIPTS]
    assert len(set(names)) == len(names)
