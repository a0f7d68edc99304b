"""OpenSSL over memory: ciphertext goes into one buffer and comes out of another.

pyOpenSSL's `Connection` is used for what is rare. Records go straight through OpenSSL's functions:
the methods of `Connection` raise an exception whenever there is nothing more to read, which is
once for each chunk, and allocate 64 KiB to read 300 bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The private names are the price of the above; they have been stable since pyOpenSSL 0.14.
from OpenSSL._util import ffi as _ffi
from OpenSSL._util import lib as _lib

if TYPE_CHECKING:
    from OpenSSL import SSL

_CHUNK = 65_536
_LARGE = 4096
_buffer = _ffi.new("unsigned char[]", _CHUNK)  # one for all: there is one event loop
_pointer = _ffi.new("char **")
_bytes = _ffi.buffer
_read = _lib.SSL_read
_write = _lib.SSL_write
_bio_read = _lib.BIO_read
_bio_write = _lib.BIO_write


class OpenSSL:
    """One connection in OpenSSL's hands; never raises for what the peer does."""

    __slots__ = (
        "_from_ssl",
        "_into_ssl",
        "_ssl",
        "_usual",
        "closed",
        "connection",
        "error",
        "is_bound",
        "tail",
    )

    def __init__(self, connection: SSL.Connection) -> None:
        self.connection: SSL.Connection | None = connection
        self.closed = False
        self.error = ""
        self.is_bound = False  # must go on after the handshake, with what was negotiated in it
        self.tail = b""  # of what was heard last in the handshake
        self._ssl: Any = connection._ssl  # noqa: SLF001 - see the module
        self._into_ssl: Any = connection._into_ssl  # noqa: SLF001
        self._from_ssl: Any = connection._from_ssl  # noqa: SLF001
        self._usual = 0  # more output than this calls for a new BIO; any does in the handshake

    def shake(self, data: bytes) -> bool:
        """Go on with the handshake; whether it is done."""
        if data:
            _bio_write(self._into_ssl, data, len(data))
        count = _lib.SSL_do_handshake(self._ssl)
        if count == 1:
            return True
        self._stopped(count)
        return False

    def settle(self) -> bytes:
        """After the handshake: drop what only it needed; the plaintext that came along with it."""
        self.connection = None
        self._usual = _LARGE
        plain = self.receive(b"")
        if not self.closed:
            self._renew_input()
        return plain

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext and give the plaintext in it, as far as it is complete."""
        if self.closed:
            return b""
        if data:
            _bio_write(self._into_ssl, data, len(data))
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
        if len(data) > _LARGE and not self.closed:
            self._renew_input()
        return plain if parts is None else b"".join(parts)

    def send(self, data: bytes) -> bytes:
        """Take plaintext and give all ciphertext that is to be written now."""
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

    def shutdown(self) -> bytes:
        """End our side; gives what is to be written last."""
        if not self.error:
            _lib.SSL_shutdown(self._ssl)
            _lib.ERR_clear_error()
        return self.pending_output()

    def input_left(self) -> bytes:
        """What was fed in and not read yet; it stays there."""
        return _content(self._into_ssl)

    def output_left(self) -> bytes:
        """What `pending_output` would give; it stays there."""
        return _content(self._from_ssl)

    def has_extended_master_secret(self) -> bool:
        """Whether TLS 1.2 has bound its keys to the whole handshake (RFC 7627)."""
        return bool(_lib.SSL_get_extms_support(self._ssl) == 1)

    def export(self, label: bytes, length: int) -> bytes:
        """Keying material for applications, with a context of length zero (RFC 5705 §4).

        In TLS 1.2 that is not the same as no context.
        """
        done = _lib.SSL_export_keying_material(
            self._ssl, _buffer, length, label, len(label), b"", 0, 1
        )
        if done != 1:
            _lib.ERR_clear_error()
            raise RuntimeError("no keys can be exported")
        material: bytes = _bytes(_buffer, length)[:]
        return material

    def _stopped(self, count: int) -> None:
        """OpenSSL gave nothing: for want of input, at the end of the stream, or in error."""
        code = _lib.SSL_get_error(self._ssl, count)
        if code == _lib.SSL_ERROR_WANT_READ:
            return
        self.closed = True
        if code != _lib.SSL_ERROR_ZERO_RETURN:
            self.error = _reason()

    def _renew_input(self) -> None:
        """Replace the input BIO, which OpenSSL has emptied.

        A BIO keeps the size of the most it has ever held, which an idle connection would then
        carry along for hours.
        """
        self._into_ssl = _lib.BIO_new(_lib.BIO_s_mem())
        _lib.SSL_set_bio(self._ssl, self._into_ssl, self._from_ssl)

    def _rest_of_output(self) -> bytes:
        """What did not fit into one read; then replace the BIO, for the same reason."""
        parts = []
        while (count := _bio_read(self._from_ssl, _buffer, _CHUNK)) > 0:
            parts.append(_bytes(_buffer, count)[:])
        self._from_ssl = _lib.BIO_new(_lib.BIO_s_mem())
        _lib.SSL_set_bio(self._ssl, self._into_ssl, self._from_ssl)
        return b"".join(parts)


def _content(bio: Any) -> bytes:
    """All that lies in a memory BIO, without taking it out."""
    count = _lib.BIO_get_mem_data(bio, _pointer)
    content: bytes = _bytes(_pointer[0], count)[:] if count > 0 else b""
    return content


def _reason() -> str:
    """What OpenSSL has to say of its last error; clears its queue."""
    reason = ""
    while code := _lib.ERR_get_error():
        text = _lib.ERR_reason_error_string(code)
        if text != _ffi.NULL and not reason:
            reason = _ffi.string(text).decode("utf-8", "replace")
    return reason or "TLS failed"
