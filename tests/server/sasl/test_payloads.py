"""Steps as elements (RFC 6120 §6.4)."""

from __future__ import annotations

import pytest

from server.errors import SASLCondition
from server.sasl.mechanism import Challenge, Failure, Success
from server.sasl.payloads import build

XMLNS = b"xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"


@pytest.mark.parametrize(
    ("step", "element"),
    [
        (Challenge(b""), b"<challenge %s></challenge>"),
        (Challenge(b"r=x"), b"<challenge %s>cj14</challenge>"),
        (Success("user"), b"<success %s/>"),
        (Success("user", "", b""), b"<success %s>=</success>"),
        (Success("user", "", b"v=x"), b"<success %s>dj14</success>"),
        (Failure(SASLCondition.ABORTED), b"<failure %s><aborted/></failure>"),
        (
            Failure(SASLCondition.NOT_AUTHORIZED, "a < b"),
            b"<failure %s><not-authorized/><text xml:lang='en'>a &lt; b</text></failure>",
        ),
    ],
)
def test_build(step: Challenge | Success | Failure, element: bytes) -> None:
    assert build(step) == element % XMLNS
