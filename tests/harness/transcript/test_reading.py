"""What a transcript may say, and what is refused."""

from pathlib import Path

import pytest

from tests.harness.transcript.reading import Misread, Transcript, Verb, read

PING = """\
## Every transcript begins like this.
# XEP-0199 §4.2: a ping
there is no nurse
tybalt and romeo are friends
juliet follows romeo
juliet on balcony with priority -1
juliet on chamber without presence
ejabberd lacks this: it has no pings
juliet/balcony sends
    <iq type='get'
        id='p1'/>
juliet/balcony gets in any order
    <iq/>

    <message/>
on prosody, wrong by RFC 6120 §8.2.3, the end: it says nothing
juliet/chamber gets nothing
on prosody, allowed by XEP-0199 §1: it says more
    <iq/>
romeo logs in on orchard
romeo resumes after 2 stanzas

# XEP-0199 §4.2: another
juliet on balcony
"""


def read_text(tmp_path: Path, text: str) -> list[Transcript]:
    path = tmp_path / "some.txt"
    path.write_text(text)
    return read(path)


def test_a_file_has_many_transcripts(tmp_path: Path) -> None:
    first, second = read_text(tmp_path, PING)
    assert (first.title, first.line) == ("XEP-0199 §4.2: a ping", 2)
    assert (second.id, second.line) == ("some-xep-0199-4-2-another", 23)


def test_who_is_there(tmp_path: Path) -> None:
    play = read_text(tmp_path, PING)[0]
    assert play.people == {"nurse": False, "tybalt": True, "romeo": True, "juliet": True}
    assert play.contacts == [("tybalt", "romeo", True), ("juliet", "romeo", False)]
    assert [(each.name, each.resource, each.presence) for each in play.guests] == [
        ("juliet", "balcony", "<presence><priority>-1</priority></presence>"),
        ("juliet", "chamber", ""),
    ]
    assert play.lacking == {"ejabberd": "it has no pings"}


def test_what_happens(tmp_path: Path) -> None:
    steps = read_text(tmp_path, PING)[0].steps
    assert [(step.line, step.verb, step.who, step.argument) for step in steps] == [
        (9, Verb.SENDS, "juliet/balcony", ""),
        (12, Verb.GETS_IN_ANY_ORDER, "juliet/balcony", ""),
        (17, Verb.GETS_NOTHING, "juliet/chamber", ""),
        (20, Verb.LOGS_IN, "romeo", "orchard"),
        (21, Verb.RESUMES, "romeo", "2"),
    ]
    assert [len(step.patterns) for step in steps] == [1, 2, 0, 0, 0]


def test_what_others_do(tmp_path: Path) -> None:
    steps = read_text(tmp_path, PING)[0].steps
    silent, more = steps[1].differences["prosody"], steps[2].differences["prosody"]
    assert (silent.verdict, silent.section, silent.ends) == ("wrong", "RFC 6120 §8.2.3", True)
    assert (more.verdict, more.section, more.ends) == ("allowed", "XEP-0199 §1", False)
    assert (silent.reason, len(silent.patterns)) == ("it says nothing", 0)
    assert (more.reason, len(more.patterns)) == ("it says more", 1)


BEGINNING = "# RFC 6120 §1: a title\njuliet on balcony\n"
REFUSED = {
    "nothing before a title": "juliet on balcony\n",
    "a title without a section": "# just a title\n",
    "an unknown line at the beginning": "# RFC 6120 §1: a title\njuliet yawns\n",
    "an unknown line later": BEGINNING + "juliet gets nothing\njuliet yawns\n",
    "somebody nobody has mentioned": BEGINNING + "romeo gets nothing\n",
    "somebody who does not exist": BEGINNING.replace("on balcony", "gets nothing"),
    "sending nothing": BEGINNING + "juliet sends\n",
    "stanzas where none belong": BEGINNING + "juliet gets nothing\n    <iq/>\n",
    "stanzas at the beginning": "# RFC 6120 §1: a title\njuliet on balcony\n    <iq/>\n",
    "what is not XML": BEGINNING + "juliet sends\n    <iq>\n",
    "a difference to nothing": BEGINNING + "on prosody, wrong by RFC 6120 §1: it is\n",
    "a difference in what is sent": BEGINNING
    + "juliet sends\n    <iq/>\non prosody, wrong by RFC 6120 §1: it is\n",
    "a difference without a verdict": BEGINNING
    + "juliet gets nothing\non prosody, different from RFC 6120 §1: it is\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_not_in_the_language_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Misread, match=r"some.txt:\d+: "):
        read_text(tmp_path, text)
