"""What is offered on which stream, and what may be chosen of it."""

from __future__ import annotations

import pytest

from server.errors import SASLCondition
from server.sasl.mechanism import Exchange, Failure
from server.sasl.negotiate import DEFAULT_POLICY, Policy, offer, start

BINDINGS = {"tls-exporter": lambda: b"x", "tls-server-end-point": lambda: b"y"}


def test_offer_under_tls() -> None:
    offered = offer(DEFAULT_POLICY, BINDINGS, is_secure=True)
    assert offered.mechanisms == (
        "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN",
    )  # fmt: skip
    assert offered.binding_types == ("tls-exporter", "tls-server-end-point")


def test_offer_under_tls_without_bindings() -> None:
    for policy, bindings in ((DEFAULT_POLICY, {}), (Policy(channel_binding=False), BINDINGS)):
        offered = offer(policy, bindings, is_secure=True)
        assert offered.mechanisms == ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN")
        assert offered.binding_feature == b""


def test_offer_without_tls() -> None:
    assert offer(DEFAULT_POLICY, {}, is_secure=False).mechanisms == ()
    assert offer(DEFAULT_POLICY, {}, is_secure=False).mechanisms_feature == b""
    policy = Policy(without_tls=("SCRAM-SHA-256",))
    assert offer(policy, BINDINGS, is_secure=False).mechanisms == ("SCRAM-SHA-256",)


def test_bindings_are_not_announced_without_a_use() -> None:
    assert offer(Policy(mechanisms=("PLAIN",)), BINDINGS, is_secure=True).binding_types == ()


def test_only_with_a_binding() -> None:
    """-PLUS alone is a choice, too: then nothing is offered that can be listened in on."""
    policy = Policy(mechanisms=("SCRAM-SHA-1",), plus=("SCRAM-SHA-256",))
    offered = offer(policy, BINDINGS, is_secure=True)
    assert offered.mechanisms == ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1")
    assert offer(policy, {}, is_secure=True).mechanisms == ("SCRAM-SHA-1",)


def test_features() -> None:
    policy = Policy(mechanisms=("SCRAM-SHA-1", "PLAIN"))
    offered = offer(policy, {"tls-exporter": lambda: b""}, is_secure=True)
    assert offered.mechanisms_feature == (
        b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
        b"<mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism>SCRAM-SHA-1</mechanism>"
        b"<mechanism>PLAIN</mechanism></mechanisms>"
    )
    assert offered.binding_feature == (
        b"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
        b"<channel-binding type='tls-exporter'/></sasl-channel-binding>"
    )
    assert offer(policy, {"tls-exporter": lambda: b""}, is_secure=True) is offered


@pytest.mark.parametrize(
    ("name", "tls_version", "condition"),
    [
        ("PLAIN", 0, SASLCondition.ENCRYPTION_REQUIRED),
        ("SCRAM-SHA-1-PLUS", 0, SASLCondition.ENCRYPTION_REQUIRED),
        ("PLAIN", 0x0304, SASLCondition.INVALID_MECHANISM),
        ("DIGEST-MD5", 0, SASLCondition.INVALID_MECHANISM),
        ("scram-sha-256", 0x0304, SASLCondition.INVALID_MECHANISM),
        ("", 0x0304, SASLCondition.INVALID_MECHANISM),
    ],
)
def test_what_was_not_offered(name: str, tls_version: int, condition: SASLCondition) -> None:
    exchange = Exchange(
        "example.org", "n", b"s", mechanisms=("SCRAM-SHA-256",), tls_version=tls_version
    )
    refused = start(name, exchange)
    assert isinstance(refused, Failure)
    assert refused.condition is condition
