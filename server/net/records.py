"""The record protocol of TLS 1.3 on its own: what a connection needs once the handshake is done.

OpenSSL keeps 20 KB for each connection as long as it lives, most of it for what only a handshake
needs. A chat server's connections live for days and are mostly silent, so after the handshake we
take the two traffic secrets, let OpenSSL's connection go, and protect the records ourselves
(RFC 8446 §5) with the same library's AEAD ciphers: 1 KB for a connection.

Only the server's side is here: a client would also have to take tickets and what else may follow
a handshake; a server gets application data, alerts and key updates, and refuses all else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

_ALERT, _HANDSHAKE, _DATA = 21, 22, 23
_LONGEST = 16_384
_EXPANSION = 256
_TAG = 16

# Alerts (RFC 8446 §6).
_CLOSE_NOTIFY = 0
_UNEXPECTED_MESSAGE = 10
_BAD_RECORD_MAC = 20
_RECORD_OVERFLOW = 22
_DECODE_ERROR = 50
_USER_CANCELED = 90

_KEY_UPDATE = b"\x18\x00\x00\x01\x00"
_KEY_UPDATE_WANTED = b"\x18\x00\x00\x01\x01"

# "up to 2^24.5 full-size records ... may be encrypted on a given connection while keeping a safety
# margin" with AES-GCM (RFC 8446 §5.5).
_RECORDS_FOR_ONE_KEY = 1 << 24

_WORKING_CIPHERS = 2048
"""How many ciphers are kept ready, at 2.7 KB each; another takes 1.5 µs to make."""

_IDLE_RECORDS = 32
"""How many records without content may follow each other: each costs us more than the peer."""


Kind = Callable[[bytes], AESGCM | ChaCha20Poly1305]


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite of TLS 1.3."""

    hash: str
    key_length: int
    cipher: Kind


SUITES: Final = {
    "TLS_AES_128_GCM_SHA256": Suite("sha256", 16, AESGCM),
    "TLS_AES_256_GCM_SHA384": Suite("sha384", 32, AESGCM),
    "TLS_CHACHA20_POLY1305_SHA256": Suite("sha256", 32, ChaCha20Poly1305),
}


class _Refused(Exception):
    """The peer has broken the protocol."""

    def __init__(self, alert: int, text: str) -> None:
        super().__init__(text)
        self.alert = alert


class Direction:
    """One way of a connection: its keys and its count of records (§5.3, §7.2)."""

    __slots__ = ("_iv", "_key", "_kind", "_secret", "_suite", "sequence")

    def __init__(self, suite: Suite, secret: bytes, sequence: int = 0) -> None:
        self._suite = suite
        self._kind = suite.cipher
        self._take(secret, sequence)

    def seal(self, content: bytes, kind: int) -> bytes:
        """One record with this content."""
        size = len(content) + 1 + _TAG
        header = b"\x17\x03\x03" + size.to_bytes(2, "big")
        cipher = _cipher(self._kind, self._key)
        # "Each AEAD algorithm will specify ... a per-record nonce" made of the sequence number
        # and the IV, never twice the same for a key (§5.3): count before anything can fail.
        nonce = (self._iv ^ self.sequence).to_bytes(12, "big")
        self.sequence += 1
        return header + cipher.encrypt(nonce, content + kind.to_bytes(1, "big"), header)

    def open(self, header: bytes, body: bytes) -> bytes:
        """The inner plaintext of one record: content, type, padding; raises `InvalidTag`."""
        nonce = (self._iv ^ self.sequence).to_bytes(12, "big")
        self.sequence += 1
        return _cipher(self._kind, self._key).decrypt(nonce, body, header)

    def update(self) -> None:
        """Go on with the next generation of keys (§7.2)."""
        size = hashlib.new(self._suite.hash).digest_size
        self._take(expand_label(self._suite.hash, self._secret, b"traffic upd", b"", size), 0)

    def _take(self, secret: bytes, sequence: int) -> None:
        suite = self._suite
        self._secret = secret
        self._key = expand_label(suite.hash, secret, b"key", b"", suite.key_length)
        self._iv = int.from_bytes(expand_label(suite.hash, secret, b"iv", b"", 12), "big")
        self.sequence = sequence


class Records:
    """The server's side of an established connection; the verbs are those of `TLSLayer`."""

    __slots__ = ("_idle", "_input", "_output", "_read", "_write", "closed", "error")

    def __init__(self, suite: Suite, theirs: bytes, ours: bytes, output: bytes = b"") -> None:
        """Go on with both sides' traffic secrets; `output` are the first records under ours."""
        self._read = Direction(suite, theirs)
        self._write = Direction(suite, ours, len(_records(output)))
        self._input = b""
        self._output = output
        self._idle = 0, 0  # records without content, and what number the next one would have
        self.closed = False
        self.error = ""

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext and give the plaintext of all records that are complete."""
        if self.closed:
            return b""
        if self._input:
            data = self._input + data
        parts: list[bytes] = []
        position, update_wanted = 0, False
        try:
            while not self.closed and (end := _end_of_record(data, position)):
                plain = self._read.open(data[position : position + 5], data[position + 5 : end])
                position = end
                if 1 < len(plain) <= _LONGEST + 1 and plain[-1] == _DATA:
                    parts.append(plain[:-1])
                else:
                    update_wanted |= self._rare(plain, parts)
            self._input = data[position:]
        except InvalidTag:
            self._refuse(_BAD_RECORD_MAC, "a record was changed on its way")
        except _Refused as refused:
            self._refuse(refused.alert, str(refused))
        if update_wanted and not self.closed:
            self._update_ours()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def send(self, data: bytes) -> bytes:
        """Take plaintext and give all ciphertext that is to be written now."""
        if self.error:
            return self.pending_output()
        if self._write.sequence >= _RECORDS_FOR_ONE_KEY:
            self._update_ours()
        if len(data) <= _LONGEST:
            sealed = self._write.seal(data, _DATA) if data else b""
        else:
            seal = self._write.seal
            pieces = range(0, len(data), _LONGEST)
            sealed = b"".join([seal(data[at : at + _LONGEST], _DATA) for at in pieces])
        return self.pending_output() + sealed if self._output else sealed

    def pending_output(self) -> bytes:
        """Alerts and key updates that are to be written."""
        output, self._output = self._output, b""
        return output

    def shutdown(self) -> bytes:
        """End our side."""
        if not self.error:
            self._output += self._write.seal(bytes((1, _CLOSE_NOTIFY)), _ALERT)
        return self.pending_output()

    def _rare(self, plain: bytes, parts: list[bytes]) -> bool:
        """Take what is not plain data: padding, alerts, key updates; whether to update ours."""
        if len(plain) > _LONGEST + 1:
            raise _Refused(_RECORD_OVERFLOW, "a record of too much content")
        content = plain.rstrip(b"\0")
        # "If a receiving implementation does not find a non-zero octet in the cleartext, it MUST
        # terminate the connection with an "unexpected_message" alert" (§5.4).
        if not content:
            raise _Refused(_UNEXPECTED_MESSAGE, "a record without a type")
        kind, content = content[-1], content[:-1]
        if kind == _DATA and content:
            parts.append(content)
            return False
        self._count_idle()
        if kind == _ALERT:
            self._alert(content)
        elif kind == _HANDSHAKE:
            return self._key_update(content)
        elif kind != _DATA:
            raise _Refused(_UNEXPECTED_MESSAGE, "a record of an unknown type")
        return False

    def _count_idle(self) -> None:
        """Refuse a flood of records that carry nothing; those with content are not counted."""
        count, expected = self._idle
        here = self._read.sequence
        count = count + 1 if here == expected else 1
        if count > _IDLE_RECORDS:
            raise _Refused(_UNEXPECTED_MESSAGE, "too many records without content")
        self._idle = count, here + 1

    def _alert(self, content: bytes) -> None:
        if len(content) != 2:
            raise _Refused(_DECODE_ERROR, "a malformed alert")
        if content[1] == _USER_CANCELED:
            return
        self.closed = True
        if content[1] != _CLOSE_NOTIFY:
            self.error = f"the peer sent alert {content[1]}"

    def _key_update(self, content: bytes) -> bool:
        """Take new keys from the peer (§4.6.3)."""
        if content not in (_KEY_UPDATE, _KEY_UPDATE_WANTED):
            raise _Refused(_UNEXPECTED_MESSAGE, "a handshake message after the handshake")
        self._read.update()
        self._idle = self._idle[0], self._read.sequence + 1
        return content == _KEY_UPDATE_WANTED

    def _update_ours(self) -> None:
        self._output += self._write.seal(_KEY_UPDATE, _HANDSHAKE)
        self._write.update()

    def _refuse(self, alert: int, text: str) -> None:
        self.closed = True
        self.error = text
        self._input = b""
        self._output += self._write.seal(bytes((2, alert)), _ALERT)


def _end_of_record(data: bytes, position: int) -> int:
    """Where the record that begins here ends; 0 if it is not complete (§5.2)."""
    if len(data) - position < 5:
        return 0
    size = data[position + 3] << 8 | data[position + 4]
    if data[position] != _DATA:
        raise _Refused(_UNEXPECTED_MESSAGE, "a record that is not protected")
    # "The length MUST NOT exceed 2^14 + 256 bytes" (§5.2).
    if size > _LONGEST + _EXPANSION or size <= _TAG:
        raise _Refused(_RECORD_OVERFLOW, "a record of an impossible length")
    end = position + 5 + size
    return end if end <= len(data) else 0


def _records(data: bytes) -> list[bytes]:
    """The records in this, the last perhaps incomplete."""
    records = []
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        records.append(data[:end])
        data = data[end:]
    return records


def is_whole(data: bytes) -> bool:
    """Whether this is a number of complete, protected records, or nothing."""
    return all(
        len(record) > 5 and record[0] == _DATA and len(record) == 5 + (record[3] << 8 | record[4])
        for record in _records(data)
    )


def expand_label(hash_name: str, secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
    """HKDF-Expand-Label for at most one block of the hash (§7.1)."""
    label = b"tls13 " + label
    info = (
        size.to_bytes(2, "big")
        + len(label).to_bytes(1, "big") + label
        + len(context).to_bytes(1, "big") + context
    )  # fmt: skip
    return hmac.digest(secret, info + b"\x01", hash_name)[:size]


def export(hash_name: str, secret: bytes, label: bytes, size: int) -> bytes:
    """Keying material for applications, with an empty context (§7.5)."""
    empty = hashlib.new(hash_name).digest()
    derived = expand_label(hash_name, secret, label, empty, len(empty))
    return expand_label(hash_name, derived, b"exporter", empty, size)


@lru_cache(maxsize=_WORKING_CIPHERS)
def _cipher(kind: Kind, key: bytes) -> AESGCM | ChaCha20Poly1305:
    """The cipher for a key; those of connections that are busy are ready."""
    return kind(key)
