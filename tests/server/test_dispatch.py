"""Wires become tables: owners, phases, crashes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from server.dispatch import Tables, WiringError, guard_inbound, guard_outbound, run
from server.errors import Condition, StanzaError
from server.extension import (
    IQ,
    At,
    Early,
    Extension,
    Feature,
    Identity,
    Inbound,
    InfoForm,
    Load,
    Nonza,
    On,
    Outbound,
    Phase,
    StreamFeature,
    Verdict,
)
from server.jid import JID
from server.moments import SessionBound, SessionEnded
from server.stanza import Stanza

if TYPE_CHECKING:
    from collections.abc import Iterable

ANNA = JID.of("anna@example.org")


def extension(name_: str, *wires: object) -> Extension:
    class Made(Extension):
        name = name_

        def wires(self) -> Iterable[Any]:
            return wires

    return Made(None)  # type: ignore[arg-type]  # no host is needed


def message(*tags: str) -> Stanza:
    element = etree.Element("{jabber:client}message")
    for tag in tags:
        etree.SubElement(element, tag)
    return Stanza("message", element, ANNA, ANNA)


def handler(request: object) -> None: ...


def other(request: object) -> None: ...


# -- tables --


def test_requests_have_one_owner() -> None:
    wire = IQ("get", "{urn:a}a", handler, at=At.HOST | At.OWN)
    tables = Tables([extension("a", wire)])
    assert set(tables.requests) == {(At.HOST, "get", "{urn:a}a"), (At.OWN, "get", "{urn:a}a")}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (
            IQ("get", "{urn:a}a", handler, at=At.HOST),
            IQ("get", "{urn:a}a", other, at=At.HOST | At.OWN),
        ),
        (Nonza("{urn:a}a", print), Nonza("{urn:a}a", repr)),  # type: ignore[arg-type]
        (Early("{urn:a}a", print), Early("{urn:a}a", repr)),  # type: ignore[arg-type]
    ],
)
def test_two_owners_are_a_mistake(one: Any, two: Any) -> None:
    with pytest.raises(WiringError):
        Tables([extension("a", one), extension("b", two)])


def test_the_same_thing_at_two_places_is_none() -> None:
    Tables(
        [
            extension("a", IQ("get", "{urn:a}a", handler, at=At.HOST)),
            extension("b", IQ("set", "{urn:a}a", other, at=At.HOST)),
            extension("c", IQ("get", "{urn:a}a", other, at=At.ACCOUNT)),
        ]
    )


def test_what_is_no_wire() -> None:
    with pytest.raises(WiringError):
        Tables([extension("a", "not a wire")])


def test_contributions() -> None:
    def form() -> etree._Element:
        return etree.Element("{jabber:x:data}x")

    tables = Tables(
        [
            extension("a", Feature("urn:a", At.HOST | At.OWN), Feature("urn:b")),
            extension("b", Feature("urn:a"), Identity("server", "im", "Skerry")),
            extension("c", InfoForm(form), StreamFeature(b"<a/>"), StreamFeature(b"<b/>", True)),
        ]
    )
    assert tables.features[At.HOST] == ["urn:a", "urn:b"]
    assert tables.features[At.OWN] == ["urn:a"]
    assert [identity.name for identity in tables.identities[At.HOST]] == ["Skerry"]
    assert tables.forms[At.HOST] == [form]
    assert tables.stream_features == [b"<a/>"]
    assert tables.open_features == [b"<b/>"]


def test_moments_may_be_wanted_by_many() -> None:
    def one(moment: object) -> None: ...

    def two(moment: object) -> None: ...

    tables = Tables([extension("b", On(SessionBound, two)), extension("a", On(SessionBound, one))])
    assert tables.moments[SessionBound] == (one, two)
    assert SessionEnded not in tables.moments


# -- taps --


class Taps:
    """Taps that note who was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def tap(self, name: str, verdict: Any = None) -> Any:
        def tap(subject: object, stanza: Stanza) -> Any:
            self.asked.append(name)
            if isinstance(verdict, Exception) and not isinstance(verdict, StanzaError):
                raise verdict
            return verdict

        return tap


def crashed(stanza: Stanza, bug: Exception) -> str:
    return "b-1"


def test_phases_then_names() -> None:
    taps = Taps()
    tables = Tables(
        [
            extension("z", Outbound(Phase.GUARD, taps.tap("z guards"))),
            extension("b", Outbound(Phase.REWRITE, taps.tap("b rewrites"))),
            extension("a", Outbound(Phase.COPY, taps.tap("a copies"))),
            extension("c", Outbound(Phase.GUARD, taps.tap("c guards"))),
        ]
    )
    assert run(tables.before[Outbound, "message"], None, message(), crashed) is None
    assert taps.asked == ["c guards", "z guards", "b rewrites"]
    assert run(tables.after[Outbound, "message"], None, message(), crashed) is None
    assert taps.asked[3:] == ["a copies"]


def test_directions_and_kinds_are_kept_apart() -> None:
    taps = Taps()
    tables = Tables(
        [
            extension(
                "a",
                Outbound(Phase.GUARD, taps.tap("out")),
                Inbound(Phase.GUARD, taps.tap("in")),
                Inbound(Phase.GUARD, taps.tap("presence"), kind="presence"),
            )
        ]
    )
    run(tables.before[Inbound, "message"], None, message(), crashed)
    run(tables.before[Inbound, "presence"], None, message(), crashed)
    run(tables.before[Inbound, "iq"], None, message(), crashed)
    assert taps.asked == ["in", "presence"]


@pytest.mark.parametrize("verdict", [Verdict.DROP, StanzaError(Condition.FORBIDDEN)])
@pytest.mark.parametrize("phase", [Phase.GUARD, Phase.REWRITE])
def test_the_first_verdict_ends_the_walk(verdict: Any, phase: Phase) -> None:
    taps = Taps()
    tables = Tables(
        [
            extension("a", Outbound(phase, taps.tap("a", verdict))),
            extension("b", Outbound(phase, taps.tap("b"))),
        ]
    )
    assert run(tables.before[Outbound, "message"], None, message(), crashed) is verdict
    assert taps.asked == ["a"]


def test_keyed_taps_are_asked_when_their_payload_is_there() -> None:
    taps = Taps()
    tables = Tables(
        [
            extension("a", Outbound(Phase.GUARD, taps.tap("a"), payload="{urn:a}a")),
            extension("b", Outbound(Phase.GUARD, taps.tap("b"), payload="{urn:b}b")),
            extension("c", Outbound(Phase.GUARD, taps.tap("c"))),
        ]
    )
    stages = tables.before[Outbound, "message"]
    run(stages, None, message(), crashed)
    assert taps.asked == ["c"]
    run(stages, None, message("{urn:x}x", "{urn:b}b"), crashed)
    assert taps.asked[1:] == ["c", "b"]


def test_a_crash_in_a_guard_refuses() -> None:
    """It fails closed, and tells a number but no detail."""
    taps = Taps()
    tables = Tables(
        [
            extension("a", Outbound(Phase.GUARD, taps.tap("a", RuntimeError("secret")))),
            extension("b", Outbound(Phase.GUARD, taps.tap("b"))),
        ]
    )
    verdict = run(tables.before[Outbound, "message"], None, message(), crashed)
    assert isinstance(verdict, StanzaError)
    assert verdict.condition is Condition.INTERNAL_SERVER_ERROR
    assert b"b-1" in verdict.build()
    assert b"secret" not in verdict.build()
    assert taps.asked == ["a"]


def test_a_crash_elsewhere_is_passed_over() -> None:
    taps = Taps()
    tables = Tables(
        [
            extension("a", Outbound(Phase.REWRITE, taps.tap("a", RuntimeError()))),
            extension("b", Outbound(Phase.REWRITE, taps.tap("b"))),
        ]
    )
    assert run(tables.before[Outbound, "message"], None, message(), crashed) is None
    assert taps.asked == ["a", "b"]


class Refusing:
    """A guard of one account."""

    def __init__(self, answer: Verdict | Exception | None) -> None:
        self.answer = answer
        self.seen: list[object] = []

    def _look(self, subject: object) -> Verdict | None:
        self.seen.append(subject)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def outbound(self, session: Any, stanza: Stanza) -> Verdict | None:
        return self._look(session)

    def inbound(self, account: Any, stanza: Stanza) -> Verdict | None:
        return self._look(account)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [([None, None], 2), ([Verdict.DROP, None], 1), ([None, Verdict.DROP], 2), ([KeyError()], 1)],
)
def test_guards_of_an_account_fail_closed(
    answers: list[Verdict | Exception | None], asked: int
) -> None:
    guards = [Refusing(answer) for answer in answers]
    account = SimpleNamespace(guards=dict(enumerate(guards)))
    session = SimpleNamespace(account=account)
    stanza = Stanza("message", etree.fromstring("<message xmlns='jabber:client'/>"), ANNA, ANNA)
    for verdict in (
        guard_outbound(session, stanza, lambda *_: "7"),  # type: ignore[arg-type]
        guard_inbound(account, stanza, lambda *_: "7"),  # type: ignore[arg-type]
    ):
        if isinstance(answers[-1], KeyError):
            assert isinstance(verdict, StanzaError)
            assert "7" in verdict.text
        else:
            assert verdict is (Verdict.DROP if Verdict.DROP in answers else None)
    assert sum(len(guard.seen) for guard in guards) == 2 * asked


def test_what_is_read_with_an_account() -> None:
    async def read(account: object) -> None: ...

    load = Load(read, "table")
    assert Tables([extension("a", load)]).loads == [load]
