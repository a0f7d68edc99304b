"""Wires in, frozen tables out: who handles which stanza, decided once at start.

Requests find their one owner by a dictionary keyed by (address, type, payload tag). Taps stand in
tuples by phase; those that concern one payload only are looked at when that payload is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from server.errors import Condition, StanzaError
from server.extension import (
    IQ,
    Approval,
    At,
    Bound,
    Early,
    Feature,
    Handler,
    Identity,
    Inbound,
    InfoForm,
    Inline,
    Load,
    Nonza,
    On,
    Outbound,
    Phase,
    StreamFeature,
    Verdict,
)
from server.service import Service

if TYPE_CHECKING:
    from server.account import Account
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.extension import Extension
    from server.session import Session
    from server.stanza import Stanza

Tap = Callable[[Any, "Stanza"], "Verdict | StanzaError | None"]


class WiringError(Exception):
    """Two extensions claim the same thing; a mistake of ours, found at start."""


class Stage(NamedTuple):
    """The taps of one phase."""

    phase: Phase
    always: tuple[Tap, ...]
    keyed: dict[str, tuple[Tap, ...]]


Stages = tuple[Stage, ...]
KINDS: Final = ("message", "presence", "iq")


class Tables:
    """Everything the wires of one host amount to; not changed after start."""

    def __init__(self, extensions: Iterable[Extension]) -> None:
        self.requests: dict[tuple[At, str, str], Handler] = {}
        self.nonzas: dict[str, Callable[[Session, Element], None]] = {}
        self.services: list[Service] = []
        self.early: dict[str, Callable[[ClientStream, Element], Awaitable[None] | None]] = {}
        self.inline: dict[str, Callable[[Session, Element], bytes | None]] = {}
        self.inline_features: set[str] = set()
        self.bound: list[Callable[[Account], Awaitable[bytes]]] = []
        self.loads: list[Load] = []
        self.approvals: dict[str, Callable[[Account, Stanza], Awaitable[bool]]] = {}
        self.moments: dict[type, tuple[Callable[..., Any], ...]] = {}
        self.features: dict[At, list[str]] = {at: [] for at in At}
        self.identities: dict[At, list[Identity]] = {at: [] for at in At}
        self.forms: dict[At, list[Callable[[], Element]]] = {at: [] for at in At}
        self.stream_features: list[bytes] = []
        self.open_features: list[bytes] = []  # before authentication
        taps: list[tuple[str, Outbound | Inbound]] = []
        for extension in sorted(extensions, key=lambda extension: extension.name):
            for wire in extension.wires():
                if isinstance(wire, (Outbound, Inbound)):
                    taps.append((extension.name, wire))
                else:
                    self._add(extension.name, wire)
        #: (direction, kind) → stages before a stanza is recorded, and those after.
        self.before = _compile(taps, lambda phase: phase is not Phase.COPY)
        self.after = _compile(taps, lambda phase: phase is Phase.COPY)

    def _add(self, owner: str, wire: object) -> None:
        match wire:
            case IQ(type_, tag, handler, at):
                for one in at:
                    _own(self.requests, (one, type_, tag), handler, owner)
            case Nonza(tag, nonza):
                _own(self.nonzas, tag, nonza, owner)
            case Early(tag, early):
                _own(self.early, tag, early, owner)
            case Load():
                self.loads.append(wire)
            case Approval(payload, approves):
                _own(self.approvals, payload, approves, owner)
            case Inline() | Bound():
                self._add_binding(owner, wire)
            case On(moment, told):
                self.moments[moment] = (*self.moments.get(moment, ()), told)
            case _:
                self._contribute(owner, wire)

    def _add_binding(self, owner: str, wire: Inline | Bound) -> None:
        """What takes part when a resource is bound with the login (XEP-0386)."""
        if isinstance(wire, Bound):
            self.bound.append(wire.build)
        else:
            _own(self.inline, wire.tag, wire.handler, owner)
            self.inline_features.add(wire.var)

    def _contribute(self, owner: str, wire: object) -> None:
        match wire:
            case Feature(var, at):
                for one in at:
                    if var not in self.features[one]:
                        self.features[one].append(var)
            case Identity():
                for one in wire.at:
                    self.identities[one].append(wire)
            case InfoForm(build, at):
                for one in at:
                    self.forms[one].append(build)
            case Service():
                self.services.append(wire)
            case StreamFeature(element, before):
                (self.open_features if before else self.stream_features).append(element)
            case _:
                raise WiringError(f"{owner}: {wire!r} is not a wire")


def _own(table: dict[Any, Any], key: object, handler: object, owner: str) -> None:
    """Put a handler into a table, where nobody may be before it."""
    if table.setdefault(key, handler) is not handler:
        raise WiringError(f"{owner}: {key} has an owner already")


def _compile(
    taps: list[tuple[str, Outbound | Inbound]], wanted: Callable[[Phase], bool]
) -> dict[tuple[type, str], Stages]:
    tables: dict[tuple[type, str], Stages] = {}
    for direction in (Outbound, Inbound):
        for kind in KINDS:
            mine = [tap for _, tap in taps if isinstance(tap, direction) and tap.kind == kind]
            stages = []
            for phase in Phase:
                here = [tap for tap in mine if tap.phase is phase]
                if here and wanted(phase):
                    stages.append(_stage(phase, here))
            tables[direction, kind] = tuple(stages)
    return tables


def _stage(phase: Phase, taps: list[Outbound] | list[Outbound | Inbound]) -> Stage:
    keyed: dict[str, tuple[Tap, ...]] = {}
    for tap in taps:
        if tap.payload is not None:
            keyed[tap.payload] = (*keyed.get(tap.payload, ()), tap.tap)
    return Stage(phase, tuple(tap.tap for tap in taps if tap.payload is None), keyed)


def run(
    stages: Stages, subject: Any, stanza: Stanza, crashed: Callable[[Stanza, Exception], str]
) -> Verdict | StanzaError | None:
    """Show a stanza to the taps; the first verdict ends the walk.

    A crash in GUARD rejects the stanza: what should have refused cannot say yes. In later phases
    it is reported through `crashed` (which gives it a number), and the stanza goes on.
    """
    for phase, always, keyed in stages:
        taps = always
        if keyed and not keyed.keys().isdisjoint(stanza.payloads):
            for tag in stanza.payloads:
                taps += keyed.get(tag, ())
        for tap in taps:
            try:
                verdict = tap(subject, stanza)
            except Exception as bug:  # noqa: BLE001 - the border of dispatch
                number = crashed(stanza, bug)
                if phase is Phase.GUARD:
                    return _rejected(number)
                continue
            if verdict is not None:
                return verdict
    return None


def guard_outbound(
    session: Session, stanza: Stanza, crashed: Callable[[Stanza, Exception], str]
) -> Verdict | StanzaError | None:
    """Show a stanza of a local sender to the guards of his account."""
    for guard in session.account.guards.values():
        try:
            verdict = guard.outbound(session, stanza)
        except Exception as bug:  # noqa: BLE001 - the border of dispatch
            return _rejected(crashed(stanza, bug))
        if verdict is not None:
            return verdict
    return None


def guard_inbound(
    account: Account, stanza: Stanza, crashed: Callable[[Stanza, Exception], str]
) -> Verdict | StanzaError | None:
    """Show a stanza to the guards of the account that it is for."""
    for guard in account.guards.values():
        try:
            verdict = guard.inbound(account, stanza)
        except Exception as bug:  # noqa: BLE001 - the border of dispatch
            return _rejected(crashed(stanza, bug))
        if verdict is not None:
            return verdict
    return None


def _rejected(number: str) -> StanzaError:
    return StanzaError(Condition.INTERNAL_SERVER_ERROR, f"an error of this server, number {number}")
