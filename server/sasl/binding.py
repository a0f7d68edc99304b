"""Channel bindings: what ties an authentication to its TLS connection (RFC 5056, RFC 9266)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

TLS_EXPORTER = "tls-exporter"
TLS_SERVER_END_POINT = "tls-server-end-point"

Bindings = Mapping[str, Callable[[], bytes]]
"""Channel-binding type → how to get its data, strongest first; the work is done when asked for."""

NO_BINDINGS: Bindings = MappingProxyType({})


class SecureChannel(Protocol):
    """What a TLS connection tells about itself; `server.net.tls.TLSLayer` is one."""

    @property
    def version(self) -> int:
        """The protocol version as on the wire: 0x0304 is TLS 1.3."""

    @property
    def may_export(self) -> bool:
        """Whether exported keys are unique to this connection."""

    def tls_exporter(self) -> bytes:
        """Channel binding data of type `tls-exporter` (RFC 9266)."""

    def server_end_point(self) -> bytes:
        """Channel binding data of type `tls-server-end-point`; empty if undefined (RFC 5929)."""


def bindings_of(channel: SecureChannel) -> Bindings:
    """The channel bindings this connection can offer, strongest first.

    `tls-unique` is not among them: it is undefined for TLS 1.3 and broken without the extended
    master secret.
    """
    bindings: dict[str, Callable[[], bytes]] = {}
    # "this channel binding mechanism ... MUST NOT be used" over TLS 1.2 without the extended
    # master secret (RFC 9266 §4.2).
    if channel.may_export:
        bindings[TLS_EXPORTER] = channel.tls_exporter
    # "Servers MUST implement tls-server-end-point and enable/advertise it" (XEP-0440 §3).
    if channel.server_end_point():
        bindings[TLS_SERVER_END_POINT] = channel.server_end_point
    return bindings
