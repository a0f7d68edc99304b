"""TLS without I/O: ciphertext in, plaintext out (RFC 7590).

A shell feeds `receive` with what the network brought, hands `send` what it wants to say, and
writes to the network whatever `send` and `pending_output` give. Nothing here ever waits and bad
input never raises: it becomes `error`, with an alert for the peer in `pending_output`.

OpenSSL makes the handshake. After it, a server's connection of TLS 1.3 goes on with `Records` and
OpenSSL's 20 KB for it are free; with TLS 1.2, or as a client, OpenSSL stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from OpenSSL import SSL

from server.net.contexts import CLIENT_SECRET, EXPORTER_SECRET, SERVER_SECRET, Identity
from server.net.openssl import OpenSSL
from server.net.records import SUITES, Records, Suite, export, is_whole

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TLS_1_3 = 0x0304
LONGEST_HANDSHAKE = 65_536
"""Bytes a peer may send before the handshake is done; a chain of certificates needs a tenth."""

# A client that asks for small records (`max_fragment_length`, RFC 6066 §4) gets them from OpenSSL.
# What only looks so, anywhere in a handshake, costs memory and nothing else.
_SMALL_RECORDS = re.compile(rb"\x00\x01\x00\x01[\x01-\x04]").search

EXPORTER_LABEL = b"EXPORTER-Channel-Binding"
EXPORTER_LENGTH = 32


class TLSLayer:
    """One TLS connection, on either side of it."""

    __slots__ = (
        "_context",
        "_engine",
        "_exporter",
        "_heard",
        "alpn",
        "closed",
        "error",
        "handshake_done",
        "peer_chain",
        "server_name",
        "version",
    )

    def __init__(self, context: SSL.Context, server_name: str | None = None) -> None:
        """Begin as a server, or as the client of `server_name`."""
        connection = SSL.Connection(context, None)
        connection.set_app_data({})  # where the context's key log puts the secrets
        self._context = context
        self._engine: OpenSSL | Records = OpenSSL(connection)
        self._exporter: tuple[str, bytes] | None = None
        self._heard = 0
        self.handshake_done = False
        self.closed = False  # nothing more will be received
        self.error = ""
        self.version = 0
        self.alpn = ""
        self.server_name = server_name or ""
        self.peer_chain: tuple[Certificate, ...] = ()  # not verified; the peer's own first
        if server_name is None:
            connection.set_accept_state()
        else:
            connection.set_connect_state()
            connection.set_tlsext_host_name(server_name.encode("idna"))
            self._shake(b"")

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext and give the plaintext in it, as far as it is complete."""
        if self.closed:
            return b""
        plain = self._engine.receive(data) if self.handshake_done else self._shake(data)
        engine = self._engine
        if engine.closed:
            self.closed, self.error = True, engine.error
        return plain

    def send(self, data: bytes) -> bytes:
        """Take plaintext and give all ciphertext that is to be written now."""
        if not self.handshake_done:
            raise RuntimeError("nothing can be sent before the handshake is done")
        return self._engine.send(data)

    def pending_output(self) -> bytes:
        """All ciphertext that is to be written now: handshake, alerts, answers to key updates."""
        return self._engine.pending_output()

    def shutdown(self) -> bytes:
        """End our side; gives what is to be written last, `close_notify` included."""
        return self._engine.shutdown() if self.handshake_done else self._engine.pending_output()

    @property
    def may_export(self) -> bool:
        """Whether exported keys are unique to this connection (RFC 9266 §4.2)."""
        if not self.handshake_done:
            return False
        engine = self._engine
        return self.version >= TLS_1_3 or (
            isinstance(engine, OpenSSL) and engine.has_extended_master_secret()
        )

    def tls_exporter(self) -> bytes:
        """Channel binding data of type `tls-exporter` (RFC 9266 §2)."""
        if not self.may_export:
            raise RuntimeError("keys exported from this connection are not unique")
        if self._exporter is not None:
            return export(*self._exporter, EXPORTER_LABEL, EXPORTER_LENGTH)
        assert isinstance(self._engine, OpenSSL)
        return self._engine.export(EXPORTER_LABEL, EXPORTER_LENGTH)

    def server_end_point(self) -> bytes:
        """Channel binding data of type `tls-server-end-point`, on the server's side (RFC 5929)."""
        identity = self._context.get_app_data()
        return identity.end_point if isinstance(identity, Identity) else b""

    def _shake(self, data: bytes) -> bytes:
        """Go on with the handshake; gives the plaintext that came along with its end."""
        engine = self._engine
        assert isinstance(engine, OpenSSL)
        self._heard += len(data)
        if self._heard > LONGEST_HANDSHAKE:
            engine.closed, engine.error = True, "the handshake is too long"
            return b""
        engine.is_bound |= _SMALL_RECORDS(engine.tail + data) is not None
        engine.tail = data[-4:]
        was_drained = not engine.output_left()
        connection = engine.connection
        if not engine.shake(data) or connection is None:
            # A record under the keys of the application before the very last step would not be
            # counted, and a number used twice would give the key away (RFC 8446 §5.3): then
            # OpenSSL stays. It sends none, but this must not rest on that.
            engine.is_bound |= not was_drained or engine.output_left().startswith(b"\x17")
            return b""
        try:
            self._note(connection)
        except ValueError:
            engine.closed, engine.error = True, "the peer's certificate cannot be read"
            return b""
        may_leave = was_drained and not engine.is_bound
        records = self._records(engine, connection) if may_leave else None
        if records is None:
            return engine.settle()
        self._engine = records
        return records.receive(engine.input_left())

    def _note(self, connection: SSL.Connection) -> None:
        """Keep what was negotiated."""
        self._context = connection.get_context()  # the one that SNI has chosen
        self.version = connection.get_protocol_version()
        self.alpn = connection.get_alpn_proto_negotiated().decode("ascii", "replace")
        name = connection.get_servername() or b""
        self.server_name = self.server_name or name.decode("ascii", "replace")
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is not None:
            # A client gets the peer's own certificate in the chain as well, a server does not.
            chain = connection.get_peer_cert_chain(as_cryptography=True) or []
            self.peer_chain = (certificate, *(issuer for issuer in chain if issuer != certificate))
        self.handshake_done = True

    def _records(self, engine: OpenSSL, connection: SSL.Connection) -> Records | None:
        """What goes on without OpenSSL, from where that stands; None if it has to stay."""
        secrets = connection.get_app_data()
        suite: Suite | None = SUITES.get(connection.get_cipher_name() or "")
        # What OpenSSL has written in this last step went out under the new keys: its tickets.
        output = engine.output_left()
        wanted = {CLIENT_SECRET, SERVER_SECRET, EXPORTER_SECRET}
        if suite is None or not wanted.issubset(secrets) or not is_whole(output):
            return None
        self._exporter = suite.hash, secrets[EXPORTER_SECRET]
        return Records(suite, secrets[CLIENT_SECRET], secrets[SERVER_SECRET], output)
