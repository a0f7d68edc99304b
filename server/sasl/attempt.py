"""One attempt to authenticate as XMPP carries it: who may speak when (RFC 6120 §6.4).

It serves SASL in its first form and XEP-0388 alike: both hand over a mechanism's name and
base64. How many attempts a stream may have is the caller's to count (§6.4.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.errors import SASLCondition
from server.sasl.encoding import decode_message
from server.sasl.mechanism import (
    Challenge,
    Exchange,
    Failure,
    Mechanism,
    NeedCredentials,
    OutOfTurn,
    Step,
)
from server.sasl.negotiate import DEFAULT_POLICY, Policy, start

if TYPE_CHECKING:
    from server.sasl.keys import Credentials

_NOT_BASE64 = Failure(SASLCondition.INCORRECT_ENCODING, "not base64")
_NOT_ASKED = Failure(SASLCondition.MALFORMED_REQUEST, "nothing was asked")


class Attempt:
    """Drives one mechanism; after a `Success` or a `Failure` it is spent."""

    def __init__(self, exchange: Exchange, policy: Policy = DEFAULT_POLICY) -> None:
        self._exchange = exchange
        self._policy = policy
        self._mechanism: Mechanism | None = None
        self._expects_response = False
        self._awaits_credentials = False
        self.username = ""  # whom it is about, once that is known

    @property
    def mechanism(self) -> str:
        """The name of the mechanism under way; empty before and after."""
        return "" if self._mechanism is None else self._mechanism.name

    @property
    def is_costly(self) -> bool:
        """Whether `supply` belongs on a thread."""
        return self._mechanism is not None and self._mechanism.is_costly

    @property
    def expects_response(self) -> bool:
        """Whether it is the peer's turn."""
        return self._expects_response

    def begin(self, mechanism: str, initial: str | None) -> Step:
        """Take `<auth/>`; `initial` is its text, None or empty if there is no initial response."""
        started = start(mechanism, self._exchange, self._policy)
        if isinstance(started, Failure):
            return self._after(started)
        self._mechanism = started
        if not initial:
            # All our mechanisms are client-first: ask for what did not come along.
            return self._after(Challenge(b""))
        return self._receive(started, initial)

    def respond(self, text: str) -> Step:
        """Take `<response/>`."""
        if self._mechanism is None or not self._expects_response:
            return self._after(_NOT_ASKED)
        return self._receive(self._mechanism, text)

    def abort(self) -> Step:
        """Take `<abort/>`."""
        return self._after(Failure(SASLCondition.ABORTED, "you have ended the attempt"))

    def supply(self, credentials: Credentials | None) -> Step:
        """Take what `NeedCredentials` asked for. Pure: may run on a thread."""
        if self._mechanism is None or not self._awaits_credentials:
            raise OutOfTurn
        return self._after(self._mechanism.supply(credentials))

    def _receive(self, mechanism: Mechanism, text: str) -> Step:
        data = decode_message(text)
        if data is None:
            return self._after(_NOT_BASE64)
        return self._after(mechanism.receive(data))

    def _after(self, step: Step) -> Step:
        self._expects_response = isinstance(step, Challenge)
        self._awaits_credentials = isinstance(step, NeedCredentials)
        if isinstance(step, NeedCredentials):
            self.username = step.username
        if not (self._expects_response or self._awaits_credentials):
            self._mechanism = None
        return step
