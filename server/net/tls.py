"""TLS without I/O: ciphertext in, plaintext out, over OpenSSL's memory BIOs (RFC 7590).

A shell feeds `receive` with what the network brought, hands `send` what it wants to say, and
writes to the network whatever `send` and `pending_output` give. Nothing here ever waits and bad
input never raises: it becomes `error`, with an alert for the peer in `pending_output`.

pyOpenSSL's `Connection` makes the handshake. After it the records go straight through OpenSSL's
functions: the methods of `Connection` raise an exception whenever there is nothing more to read,
which is once for each chunk, and allocate 64 KiB to read 300 bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from OpenSSL import SSL

# The private names are the price of the above; they have been stable since pyOpenSSL 0.14.
from OpenSSL._util import ffi as _ffi
from OpenSSL._util import lib as _lib

from server.net.contexts import Identity

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TLS_1_3 = 0x0304
LONGEST_HANDSHAKE = 65_536
"""Bytes a peer may send before the handshake is done; a chain of certificates needs a tenth."""

_CHUNK = 65_536
_BLOATED = 4096
_buffer = _ffi.new("unsigned char[]", _CHUNK)  # one for all connections: there is one event loop
_read = _lib.SSL_read
_write = _lib.SSL_write
_bio_read = _lib.BIO_read
_bio_write = _lib.BIO_write
_bytes = _ffi.buffer


class TLSLayer:
    """One TLS connection, on either side of it."""

    __slots__ = (
        "_connection",
        "_context",
        "_from_ssl",
        "_heard",
        "_into_ssl",
        "_ssl",
        "_usual",
        "alpn",
        "closed",
        "error",
        "handshake_done",
        "peer_certificate",
        "server_name",
        "version",
    )

    def __init__(self, context: SSL.Context, server_name: str | None = None) -> None:
        """Begin as a server, or as the client of `server_name`."""
        connection = SSL.Connection(context, None)
        self._connection: SSL.Connection | None = connection
        self._context = context
        self._ssl: Any = connection._ssl  # noqa: SLF001 - see the module
        self._into_ssl: Any = connection._into_ssl  # noqa: SLF001
        self._from_ssl: Any = connection._from_ssl  # noqa: SLF001
        self._heard = 0
        self._usual = 0  # more output than this calls for a new BIO; any does in the handshake
        self.handshake_done = False
        self.closed = False  # nothing more will be received
        self.error = ""
        self.version = 0
        self.alpn = ""
        self.server_name = server_name or ""
        self.peer_certificate: Certificate | None = None
        if server_name is None:
            connection.set_accept_state()
        else:
            connection.set_connect_state()
            connection.set_tlsext_host_name(server_name.encode("idna"))
            self._shake()

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext and give the plaintext in it, as far as it is complete."""
        if self.closed:
            return b""
        if data:
            _bio_write(self._into_ssl, data, len(data))
        is_large = len(data) > _BLOATED
        if not self.handshake_done:
            self._heard += len(data)
            if not self._shake():
                return b""
            is_large = True
        ssl = self._ssl
        plain, parts = b"", None
        count = _read(ssl, _buffer, _CHUNK)
        if count > 0:
            plain = _bytes(_buffer, count)[:]
        while count > 0 and (count := _read(ssl, _buffer, _CHUNK)) > 0:
            if parts is None:
                parts = [plain]
            parts.append(_bytes(_buffer, count)[:])
        self._stopped(count)
        if is_large and not self.closed:
            self._renew_input()
        return plain if parts is None else b"".join(parts)

    def send(self, data: bytes) -> bytes:
        """Take plaintext and give all ciphertext that is to be written now."""
        if not self.handshake_done:
            raise RuntimeError("nothing can be sent before the handshake is done")
        if data and not self.error:
            count = _write(self._ssl, data, len(data))
            if count <= 0:
                self._stopped(count)
        return self.pending_output()

    def pending_output(self) -> bytes:
        """All ciphertext that is to be written now: handshake, alerts, answers to key updates."""
        count = _bio_read(self._from_ssl, _buffer, _CHUNK)
        if count <= 0:
            return b""
        output: bytes = _bytes(_buffer, count)[:]
        if count > self._usual:
            return output + self._rest_of_output()
        return output

    def _rest_of_output(self) -> bytes:
        parts = []
        while (count := _bio_read(self._from_ssl, _buffer, _CHUNK)) > 0:
            parts.append(_bytes(_buffer, count)[:])
        if self.handshake_done:
            self._usual = _BLOATED
        self._from_ssl = _lib.BIO_new(_lib.BIO_s_mem())
        _lib.SSL_set_bio(self._ssl, self._into_ssl, self._from_ssl)
        return b"".join(parts)

    def shutdown(self) -> bytes:
        """End our side; gives what is to be written last, `close_notify` included."""
        if self.handshake_done and not self.error:
            _lib.SSL_shutdown(self._ssl)
            _lib.ERR_clear_error()
        return self.pending_output()

    @property
    def may_export(self) -> bool:
        """Whether exported keys are unique to this connection (RFC 9266 §4.2)."""
        if self.version >= TLS_1_3:
            return True
        return bool(self.version) and _lib.SSL_get_extms_support(self._ssl) == 1

    def tls_exporter(self) -> bytes:
        """Channel binding data of type `tls-exporter` (RFC 9266 §2)."""
        if not self.may_export:
            raise RuntimeError("keys exported from this connection are not unique")
        label, length = b"EXPORTER-Channel-Binding", 32
        # "the context value ... is a zero-length string" counts as a context in TLS 1.2.
        done = _lib.SSL_export_keying_material(
            self._ssl, _buffer, length, label, len(label), b"", 0, 1
        )
        if done != 1:
            _lib.ERR_clear_error()
            raise RuntimeError("no keys can be exported")
        material: bytes = _bytes(_buffer, length)[:]
        return material

    def server_end_point(self) -> bytes:
        """Channel binding data of type `tls-server-end-point`, on the server's side (RFC 5929)."""
        identity = self._context.get_app_data()
        return identity.end_point if isinstance(identity, Identity) else b""

    def _shake(self) -> bool:
        """Go on with the handshake; whether it is done."""
        if self._heard > LONGEST_HANDSHAKE:
            self._fail("the handshake is too long")
            return False
        count = _lib.SSL_do_handshake(self._ssl)
        if count == 1:
            self._established()
            return True
        self._stopped(count)
        return False

    def _established(self) -> None:
        """Note what was negotiated, then let go of all that only the handshake needed."""
        connection = self._connection
        if connection is None:
            return
        self._context = connection.get_context()  # the one that SNI has chosen
        self.version = connection.get_protocol_version()
        self.alpn = connection.get_alpn_proto_negotiated().decode("ascii", "replace")
        self.server_name = self.server_name or (connection.get_servername() or b"").decode(
            "ascii", "replace"
        )
        self.peer_certificate = connection.get_peer_certificate(as_cryptography=True)
        self.handshake_done = True
        self._connection = None

    def _stopped(self, count: int) -> None:
        """OpenSSL gave nothing: for want of input, at the end of the stream, or in error."""
        code = _lib.SSL_get_error(self._ssl, count)
        if code == _lib.SSL_ERROR_WANT_READ:
            return
        if code == _lib.SSL_ERROR_ZERO_RETURN:
            self.closed = True
            return
        self._fail(_reason())

    def _fail(self, reason: str) -> None:
        self.error = reason
        self.closed = True

    def _renew_input(self) -> None:
        """Replace the input BIO, which OpenSSL has emptied.

        A BIO keeps the size of the most it has ever held, which an idle connection would then
        carry along for hours.
        """
        self._into_ssl = _lib.BIO_new(_lib.BIO_s_mem())
        _lib.SSL_set_bio(self._ssl, self._into_ssl, self._from_ssl)


def _reason() -> str:
    """What OpenSSL has to say of its last error; clears its queue."""
    reason = ""
    while code := _lib.ERR_get_error():
        text = _lib.ERR_reason_error_string(code)
        if text != _ffi.NULL and not reason:
            reason = _ffi.string(text).decode("utf-8", "replace")
    return reason or "TLS failed"
