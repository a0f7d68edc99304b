"""Which mechanisms a stream offers, in our order of preference (RFC 6120 §6.3.3, XEP-0440)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from server.errors import SASLCondition
from server.sasl.mechanism import Exchange, Failure, Mechanism
from server.sasl.oauthbearer import NAME as OAUTHBEARER
from server.sasl.oauthbearer import OAuthBearer
from server.sasl.plain import NAME as PLAIN
from server.sasl.plain import Plain
from server.sasl.scram import MECHANISMS as SCRAM
from server.sasl.scram import PLUS, Scram

if TYPE_CHECKING:
    from server.sasl.binding import Bindings

NS = "urn:ietf:params:xml:ns:xmpp-sasl"
NS_BINDING = "urn:xmpp:sasl-cb:0"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows, in order of preference.

    `mechanisms` are those without -PLUS, `plus` the names before it of those with: None means the
    same ones, and without `channel_binding` it counts for nothing.
    """

    mechanisms: tuple[str, ...] = (*SCRAM, PLAIN)
    plus: tuple[str, ...] | None = None
    without_tls: tuple[str, ...] = ()
    channel_binding: bool = True

    @property
    def bound(self) -> tuple[str, ...]:
        """The mechanisms that may be offered with -PLUS."""
        if not self.channel_binding:
            return ()
        if self.plus is None:
            return tuple(name for name in self.mechanisms if name in SCRAM)
        return self.plus


DEFAULT_POLICY = Policy()


@dataclass(frozen=True)
class Offer:
    """What is advertised to one kind of stream."""

    mechanisms: tuple[str, ...]
    binding_types: tuple[str, ...] = ()

    @cached_property
    def mechanisms_feature(self) -> bytes:
        """The `<mechanisms/>` stream feature; empty if there are none to offer."""
        if not self.mechanisms:
            return b""
        names = "".join(f"<mechanism>{name}</mechanism>" for name in self.mechanisms)
        return f"<mechanisms xmlns='{NS}'>{names}</mechanisms>".encode()

    @cached_property
    def binding_feature(self) -> bytes:
        """The `<sasl-channel-binding/>` stream feature, for SASL 1 and 2; empty if none."""
        if not self.binding_types:
            return b""
        types = "".join(f"<channel-binding type='{name}'/>" for name in self.binding_types)
        return (
            f"<sasl-channel-binding xmlns='{NS_BINDING}'>{types}</sasl-channel-binding>"
        ).encode()


def offer(policy: Policy, bindings: Bindings, *, is_secure: bool) -> Offer:
    """What to offer on a stream with or without TLS and with these channel bindings."""
    return _offer(policy, tuple(bindings) if is_secure else (), is_secure)


@lru_cache(maxsize=64)
def _offer(policy: Policy, types: tuple[str, ...], is_secure: bool) -> Offer:
    allowed = tuple(name for name in policy.mechanisms if is_secure or name in policy.without_tls)
    if not policy.bound:
        types = ()
    plus = tuple(name + PLUS for name in policy.bound) if types else ()
    return Offer(plus + allowed, types)


def start(name: str, exchange: Exchange, policy: Policy = DEFAULT_POLICY) -> Mechanism | Failure:
    """Begin an attempt with the mechanism that the peer has chosen from what was offered."""
    if name not in exchange.mechanisms:
        # "encryption-required: ... the mechanism requested by the initiating entity cannot be
        # used unless the confidentiality of the underlying stream is ensured" (RFC 6120 §6.5.4).
        known = policy.bound if name.endswith(PLUS) else policy.mechanisms
        if not exchange.tls_version and name.removesuffix(PLUS) in known:
            return Failure(SASLCondition.ENCRYPTION_REQUIRED, "use TLS first")
        return Failure(SASLCondition.INVALID_MECHANISM, "this mechanism was not offered")
    if name == PLAIN:
        return Plain(exchange)
    return OAuthBearer(exchange) if name == OAUTHBEARER else Scram(name, exchange)
