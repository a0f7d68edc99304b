"""A step as an element of SASL in its first form (RFC 6120 §6.4)."""

from __future__ import annotations

from server.errors import SASLFailure
from server.sasl.encoding import encode
from server.sasl.mechanism import Challenge, Failure, Success
from server.sasl.negotiate import NS


def build(step: Challenge | Success | Failure) -> bytes:
    """The element that tells the peer of this step."""
    if isinstance(step, Challenge):
        return f"<challenge xmlns='{NS}'>{encode(step.data)}</challenge>".encode()
    if isinstance(step, Success):
        return _build_success(step)
    return SASLFailure(step.condition, step.text).build()


def _build_success(step: Success) -> bytes:
    if step.data is None:
        return f"<success xmlns='{NS}'/>".encode()
    # "If ... the additional data is of zero length, the receiving entity MUST transmit it as a
    # single equals sign" (RFC 6120 §6.4.6).
    return f"<success xmlns='{NS}'>{encode(step.data) or '='}</success>".encode()
