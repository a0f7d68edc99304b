"""Makes transcripts of a file; what it does not understand is refused with the line's number."""

from __future__ import annotations

import dataclasses
import enum
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.element import Element


FOLDER: Final = Path(__file__).resolve().parents[2] / "transcripts"


class Verb(enum.Enum):
    """What a line of a conversation tells."""

    LOGS_IN = "logs in"
    AUTHENTICATES = "authenticates"
    SENDS = "sends"
    GETS = "gets"
    GETS_IN_ANY_ORDER = "gets in any order"
    GETS_NOTHING = "gets nothing"
    IGNORES = "ignores what came"
    CLOSES = "closes"
    LOSES = "loses the connection"
    RESUMES = "resumes"
    ACKNOWLEDGES = "acknowledges"


@dataclasses.dataclass
class Difference:
    """What one server does instead, who is right, and why."""

    line: int
    server: str
    verdict: str  # "wrong" or "allowed"
    section: str
    reason: str
    ends: bool
    patterns: list[Element] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Step:
    """One thing that somebody does or gets."""

    line: int
    verb: Verb
    who: str
    argument: str = ""
    text: str = ""
    patterns: list[Element] = dataclasses.field(default_factory=list)
    differences: dict[str, Difference] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Guest:
    """A device that is there from the beginning."""

    name: str
    resource: str
    presence: str  # the stanza it says hello with, empty for none


@dataclasses.dataclass
class Transcript:
    """One conversation: who is there at the beginning, and what happens then."""

    path: Path
    line: int
    title: str
    people: dict[str, bool] = dataclasses.field(default_factory=dict)  # name: has an account
    contacts: list[tuple[str, str, bool]] = dataclasses.field(default_factory=list)  # both ways?
    guests: list[Guest] = dataclasses.field(default_factory=list)
    steps: list[Step] = dataclasses.field(default_factory=list)
    lacking: dict[str, str] = dataclasses.field(default_factory=dict)  # server: reason

    @property
    def id(self) -> str:
        """A name for the list of tests."""
        return f"{self.path.stem}-{re.sub(r'[^a-z0-9]+', '-', self.title.lower()).strip('-')}"


class Misread(ValueError):
    """A line that is not in the language."""


_NAME = r"(?P<who>[a-z]+)"
_DEVICE = r"(?P<who>[a-z]+(?:/[\w-]+)?)"
_PLACE = r"(?P<argument>[\w-]+)"

_TITLE = re.compile(r"# (?P<title>(?:RFC \d+|XEP-\d+) §\S+: .+)")
_ACCOUNT = re.compile(rf"there is (?P<no>no )?{_NAME}")
_CONTACTS = re.compile(rf"{_NAME} (?:follows|and) (?P<other>[a-z]+)(?P<both> are friends)?")
_GUEST = re.compile(
    rf"{_NAME} on {_PLACE}(?: (?P<silent>without presence)| with priority (?P<priority>-?\d+))?"
)
_LACKS = re.compile(r"(?P<server>\w+) lacks this: (?P<reason>.+)")
_DIFFERS = re.compile(
    r"on (?P<server>\w+), (?P<verdict>wrong|allowed) by (?P<section>[^:]+?)(?P<ends>, the end)?: "
    r"(?P<reason>.+)"
)
_STEPS: dict[Verb, re.Pattern[str]] = {
    Verb.LOGS_IN: re.compile(rf"{_DEVICE} logs in on {_PLACE}"),
    Verb.AUTHENTICATES: re.compile(rf"{_DEVICE} authenticates for {_PLACE}"),
    Verb.RESUMES: re.compile(rf"{_DEVICE} resumes(?: after (?P<argument>\d+) stanzas?)?"),
    **{
        verb: re.compile(rf"{_DEVICE} {verb.value}")
        for verb in Verb
        if verb not in (Verb.LOGS_IN, Verb.AUTHENTICATES, Verb.RESUMES)
    },
}
_WITH_BLOCK = {Verb.SENDS, Verb.GETS, Verb.GETS_IN_ANY_ORDER}
_WITH_DIFFERENCES = {Verb.GETS, Verb.GETS_IN_ANY_ORDER, Verb.GETS_NOTHING}


_AROUND = (
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    "{}</stream:stream>"
)


def read(path: Path) -> list[Transcript]:
    """All transcripts of a file."""
    transcripts: list[Transcript] = []
    for number, line, block in _lines(path):
        if match := _TITLE.fullmatch(line):
            transcripts.append(Transcript(path, number, match["title"]))
            continue
        try:
            if not transcripts:
                raise Misread("a transcript begins with '# SPECIFICATION §SECTION: TITLE'")
            _line(transcripts[-1], number, line, block)
        except (Misread, etree.XMLSyntaxError) as wrong:
            raise Misread(f"{path.name}:{number}: {wrong}: {line}") from wrong
    return transcripts


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """Each line at the margin, with its number and what is indented below; remarks left out."""
    margin, number, block = "", 0, ""
    for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("##"):
            continue
        if line.startswith(" "):
            block += line + "\n"
            continue
        if margin:
            yield number, margin, block
        margin, number, block = line.rstrip(), at, ""
    if margin:
        yield number, margin, block


def _line(transcript: Transcript, number: int, line: str, block: str) -> None:
    if match := _DIFFERS.fullmatch(line):
        _difference(transcript, number, match, block)
    elif step := _step(number, line, block):
        _check_people(transcript, step.who.partition("/")[0])
        transcript.steps.append(step)
    elif block:
        raise Misread("nothing can be indented here")
    elif match := _LACKS.fullmatch(line):
        transcript.lacking[match["server"]] = match["reason"]
    elif transcript.steps:
        raise Misread("not understood")
    else:
        _beginning(transcript, line)


def _beginning(transcript: Transcript, line: str) -> None:
    """Who is there before anything happens."""
    if match := _ACCOUNT.fullmatch(line):
        transcript.people[match["who"]] = not match["no"]
    elif match := _GUEST.fullmatch(line):
        priority = f"<priority>{match['priority']}</priority>" if match["priority"] else ""
        presence = "" if match["silent"] else f"<presence>{priority}</presence>"
        transcript.people[match["who"]] = True
        transcript.guests.append(Guest(match["who"], match["argument"], presence))
    elif (match := _CONTACTS.fullmatch(line)) and (" follows " in line) != bool(match["both"]):
        transcript.people.update({match["who"]: True, match["other"]: True})
        transcript.contacts.append((match["who"], match["other"], bool(match["both"])))
    else:
        raise Misread("not understood")


def _step(number: int, line: str, block: str) -> Step | None:
    for verb, form in _STEPS.items():
        if match := form.fullmatch(line):
            if bool(block) != (verb in _WITH_BLOCK):
                raise Misread("stanzas are missing" if not block else "nothing can be indented")
            patterns = elements(block)
            argument = match.groupdict().get("argument") or ""
            return Step(number, verb, match["who"], argument, block, patterns)
    return None


def _difference(transcript: Transcript, number: int, match: re.Match[str], block: str) -> None:
    step = transcript.steps[-1] if transcript.steps else None
    if step is None or step.verb not in _WITH_DIFFERENCES:
        raise Misread("only what somebody gets can differ")
    step.differences[match["server"]] = Difference(
        number, match["server"], match["verdict"], match["section"], match["reason"],
        bool(match["ends"]), elements(block),
    )  # fmt: skip


def _check_people(transcript: Transcript, name: str) -> None:
    if not transcript.people.get(name):
        raise Misread(f"nobody has said that there is {name}")


def elements(block: str) -> list[Element]:
    """The elements of a block, as on a stream of a client."""
    return list(etree.fromstring(_AROUND.format(block)))


def read_all() -> list[Transcript]:
    """Every transcript there is."""
    return [each for path in sorted(FOLDER.glob("*.txt")) for each in read(path)]
