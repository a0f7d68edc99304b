"""What clients get by SASL2, as bytes (XEP-0388 §2.5, §2.6)."""

from __future__ import annotations

from server.c2s.answers import build_challenge, build_continue, build_failure, build_success
from server.c2s.login import Login
from server.c2s.request import Authenticate, UserAgent
from server.errors import SASLCondition
from server.jid import JID
from server.sasl.mechanism import Challenge, Failure
from tests.harness.patterns import difference, parse

NS = "urn:xmpp:sasl:2"
ANNA = JID.of("anna@example.org/a'b")


def login(data: bytes | None = None) -> Login:
    return Login(Authenticate("X", None, UserAgent()), additional=data)


def is_like(wire: bytes, pattern: str) -> bool:
    return not difference(parse(pattern), parse(wire.decode()))


def test_a_challenge() -> None:
    assert (
        build_challenge(Challenge(b"r=x")) == f"<challenge xmlns='{NS}'>cj14</challenge>".encode()
    )


def test_success_tells_what_the_mechanism_says_once() -> None:
    one = login(b"v=x")
    told = build_success(one, ANNA, b"<x xmlns='y'/>")
    assert is_like(
        told,
        f"<success xmlns='{NS}'><additional-data>dj14</additional-data>"
        "<authorization-identifier>anna@example.org/a'b</authorization-identifier>"
        "<x xmlns='y'/></success>",
    )
    assert b"additional-data" not in build_success(one, ANNA, b"")


def test_data_of_no_length_is_data() -> None:
    """§2.2: absence is the element's absence."""
    assert b"<additional-data></additional-data>" in build_success(login(b""), ANNA, b"")


def test_what_is_left_to_do() -> None:
    one = login(b"v=x")
    one.tasks = ["A", "B"]
    assert is_like(
        build_continue(one),
        f"<continue xmlns='{NS}'><additional-data>dj14</additional-data>"
        "<tasks><task>A</task></tasks></continue>",
    )


def test_a_failure() -> None:
    """§2.6.2: a code of RFC 6120, perhaps one of an application, perhaps a text."""
    failure = Failure(SASLCondition.ABORTED, "it's <over>")
    assert is_like(
        build_failure(failure, b"<x xmlns='y'/>"),
        f"<failure xmlns='{NS}'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><x xmlns='y'/>"
        "<text>it's &lt;over></text></failure>",
    )
