"""A transcript is held against the server: what is wrong is told, where it stands."""

from pathlib import Path

import pytest

from tests.harness.house import House
from tests.harness.transcript.indoors import Indoors
from tests.harness.transcript.playing import Deviation, play
from tests.harness.transcript.reading import Difference, read
from tests.harness.transcript.table import Table

BEGINNING = """\
# RFC 6121 §5: a message
juliet on balcony
romeo on orchard
juliet sends
    <message type='chat' to='{romeo}'><body>one</body></message>
"""
ONE = "romeo gets\n    <message type='chat'><body>one</body></message>\n"
TWO = "romeo gets\n    <message type='chat'><body>two</body></message>\n"
BOTH = TWO + "    <message type='chat'><body>one</body></message>\n"
AGAIN = "juliet sends\n    <message type='chat' to='{romeo}'><body>two</body></message>\n"
INSTEAD = "on skerry, allowed by RFC 6121 §5: so it is\n"
IS_ONE = "    <message type='chat'><body>one</body></message>\n"


async def run(tmp_path: Path, text: str) -> list[Difference]:
    path = tmp_path / "some.txt"
    path.write_text(BEGINNING + text)
    (transcript,) = read(path)
    async with House() as house:
        return await play(transcript, Indoors(house))


RIGHT = {
    "as it is written": ONE,
    "ignored": "romeo ignores what came\nromeo gets nothing\n",
    "in any order": AGAIN + BOTH.replace("gets", "gets in any order"),
    "a second client": "romeo logs in on grove\nromeo/grove gets nothing\n"
    + ONE.replace("romeo", "romeo/orchard"),
    "after a goodbye nobody cares": "romeo closes\n",
}
WRONG = {
    "something else": (TWO, "some.txt:6: romeo gets: "),
    "nothing": (ONE + TWO, "some.txt:8: romeo gets: missing"),
    "something after all": ("romeo gets nothing\n", "some.txt:6: romeo gets nothing: got"),
    "too much at the end": ("juliet gets nothing\n", "at the end: romeo/orchard also got"),
    "another order": (AGAIN + BOTH, "some.txt:8: romeo gets: "),
    "which client": ("romeo logs in on grove\n" + ONE, "some.txt:7: .*2 devices"),
    "a difference that is none": (ONE + INSTEAD + IS_ONE, "line 8 is out of date"),
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
async def test_right(tmp_path: Path, text: str) -> None:
    assert await run(tmp_path, text) == []


@pytest.mark.parametrize(("text", "reason"), WRONG.values(), ids=WRONG)
async def test_wrong(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(Deviation, match=reason):
        await run(tmp_path, text)


async def test_a_declared_difference_is_reported(tmp_path: Path) -> None:
    (seen,) = await run(tmp_path, TWO + INSTEAD + IS_ONE)
    assert (seen.server, seen.reason) == ("skerry", "so it is")


async def test_what_follows_the_end_does_not_matter(tmp_path: Path) -> None:
    end = INSTEAD.replace("§5:", "§5, the end:")
    seen = await run(tmp_path, TWO + end + IS_ONE + AGAIN + "romeo gets nothing\n")
    assert len(seen) == 1


async def test_the_table_names_who_differs(tmp_path: Path) -> None:
    table = Table()
    path = tmp_path / "some.txt"
    path.write_text(BEGINNING)
    (transcript,) = read(path)
    for seen in await run(tmp_path, TWO + INSTEAD + IS_ONE):
        table.differs(transcript, seen)
    table.lacks("other", transcript, "it cannot")
    assert table.render().splitlines()[2:] == [
        "| other | some: RFC 6121 §5: a message | lacks |  | it cannot |",
        "| skerry | some: RFC 6121 §5: a message | allowed | RFC 6121 §5 | so it is |",
    ]
