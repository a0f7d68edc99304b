"""A client that does nothing but log in, in every way there is, and checks what the server proves.

It keeps what clients keep: the features it was offered last, salted passwords, and tokens, of
which a new one takes the place of the old (XEP-0484 §3.5).
"""

import hashlib
import hmac
import os
import re
import socket
import struct
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

_PATIENCE = struct.pack("ll", 60, 0)
_OPEN = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' to='{}'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
)
_NS_SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
_NS_SASL2 = "urn:xmpp:sasl:2"
_NS_BIND = "urn:ietf:params:xml:ns:xmpp-bind"
_NS_BIND2 = "urn:xmpp:bind:0"
_NS_FAST = "urn:xmpp:fast:0"
_ENABLE = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
_CARBONS = "<enable xmlns='urn:xmpp:carbons:2'/>"
_ROSTER = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>"

_FEATURES = re.compile(rb"</stream:features>")
_CHALLENGE = re.compile(rb"<challenge[^>]*>([^<]*)</challenge>|</failure>")
_SUCCESS = re.compile(rb"<success[^>]*>([^<]*)</success>|<success[^>]*/>|</failure>")
_SUCCESS2 = re.compile(rb"</success>|</failure>")
_ADDITIONAL = re.compile(rb"<additional-data>([^<]*)</additional-data>")
_TOKEN = re.compile(rb"<token [^>]*\btoken=['\"]([^'\"]+)")
_BOUND = re.compile(rb"</iq>")
_ENABLED = re.compile(rb"<enabled[^>]*>")
_ROSTER_CAME = re.compile(rb"<iq[^>]*id=['\"]roster['\"]")
_PRESENCE_CAME = re.compile(rb"<presence ")
_END = re.compile(rb"</stream:stream>")


class RefusedError(Exception):
    """The server has not let us in, or has not shown that it knows us."""


class Keys(NamedTuple):
    """What SCRAM needs, derived once (RFC 5802 §3)."""

    salt: bytes
    iterations: int
    client: bytes
    stored: bytes
    server: bytes


@dataclass
class Device:
    """A program on a device of a user's, and what it remembers."""

    domain: str
    user: str
    password: str
    name: str
    keys: dict[str, Keys] = field(default_factory=dict)
    token: str = ""
    tokens_seen: int = 0  # how many it was given

    @property
    def agent(self) -> str:
        """How it shows itself (XEP-0388 §2.3); always the same."""
        identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.user}@{self.domain}/{self.name}")
        return f"<user-agent id='{identifier}'><software>logins</software></user-agent>"

    def derive(self, hash_: str, salt: bytes, iterations: int) -> Keys:
        """The keys of the password; derived again only when the server asks for others."""
        known = self.keys.get(hash_)
        if known is None or (known.salt, known.iterations) != (salt, iterations):
            salted = hashlib.pbkdf2_hmac(hash_, self.password.encode(), salt, iterations)
            client = hmac.digest(salted, b"Client Key", hash_)
            stored = hashlib.new(hash_, client).digest()
            server = hmac.digest(salted, b"Server Key", hash_)
            known = self.keys[hash_] = Keys(salt, iterations, client, stored, server)
        return known


class Line:
    """A connection that waits for what it reads."""

    def __init__(self, port: int, *, tls: bool) -> None:
        self._buffer = b""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls: SSL.Connection | None = None
        if tls:
            self._tls = SSL.Connection(_CONTEXT, self._socket)
            self._tls.set_connect_state()
            self._tls.do_handshake()

    def send(self, text: str) -> None:
        """Send all of it at once."""
        (self._tls or self._socket).sendall(text.encode())

    def until(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read until the pattern comes; what stands behind it is kept."""
        while (match := pattern.search(self._buffer)) is None:
            if b"</stream:stream>" in self._buffer:
                raise RefusedError(self._buffer[-400:].decode(errors="replace"))
            self._buffer += self._read()
        self._buffer = self._buffer[match.end() :]
        return match

    def _read(self) -> bytes:
        try:
            data = (self._tls or self._socket).recv(65536)
        except (SSL.Error, OSError) as error:
            raise RefusedError(f"nothing more came: {error!r}") from None
        if not data:
            raise RefusedError("the server has hung up")
        return data

    def binding(self, kind: str) -> bytes:
        """Channel binding data (RFC 9266, RFC 5929)."""
        if not kind:
            return b""
        assert self._tls is not None
        if kind == "tls-exporter":
            return self._tls.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
        certificate = self._tls.get_peer_certificate(as_cryptography=True)
        assert certificate is not None
        return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


class Login:
    """One login of one device on a line of its own.

    `busy` devices want stream management, copies, the roster and to be seen; others nothing.
    """

    def __init__(self, device: Device, line: Line, *, busy: bool) -> None:
        self._device = device
        self._line = line
        self._busy = busy

    def classic(self, mechanism: str) -> None:
        """SASL as RFC 6120 has it, a new stream, then a resource."""
        line = self._line
        self._open()
        exchange = Scram(self._device, mechanism)
        line.send(
            f"<auth xmlns='{_NS_SASL}' mechanism='{mechanism}'>{encode(exchange.first())}</auth>"
        )
        final = exchange.final(_data(line.until(_CHALLENGE)))
        line.send(f"<response xmlns='{_NS_SASL}'>{encode(final)}</response>")
        exchange.verify(_data(line.until(_SUCCESS)))
        self._open()
        line.send(f"<iq type='set' id='bind'><bind xmlns='{_NS_BIND}'/></iq>")
        _hold(b"<jid>" in line.until(_BOUND).string, "no resource was bound")
        if self._busy:
            line.send(_ENABLE)
            line.until(_ENABLED)
            line.send(f"<iq type='set' id='carbons'>{_CARBONS}</iq>{_ROSTER}<presence/>")

    def modern(self, mechanism: str, binding: str = "", token_for: str = "") -> None:
        """SASL2 with SCRAM, and the resource along with it (XEP-0388, XEP-0386)."""
        line = self._line
        self._open()
        exchange = Scram(self._device, mechanism, binding, line.binding(binding))
        self._authenticate(mechanism, exchange.first(), self._wish(token_for))
        final = exchange.final(_data(line.until(_CHALLENGE)))
        line.send(f"<response xmlns='{_NS_SASL2}'>{encode(final)}</response>")
        exchange.verify(self._finish())

    def token(self, mechanism: str, binding: str = "", *, renew: bool = False) -> None:
        """SASL2 with a token, in one step (XEP-0484 §3.4)."""
        device, line = self._device, self._line
        _hold(device.token != "", "there is no token")
        self._open()
        token, data = device.token.encode(), line.binding(binding)
        proof = hmac.digest(token, b"Initiator" + data, "sha256")
        inside = f"<fast xmlns='{_NS_FAST}'/>{self._wish(mechanism if renew else '')}"
        self._authenticate(mechanism, device.user.encode() + b"\0" + proof, inside)
        confirmed = hmac.digest(token, b"Responder" + data, "sha256")
        _hold(self._finish() == confirmed, "the server does not know our token")

    def settle(self) -> None:
        """What a client does once it is in; then say goodbye and wait until it is over."""
        if self._busy:
            self._line.until(_ROSTER_CAME)
            self._line.until(_PRESENCE_CAME)  # the server reflects it
        self._line.send("</stream:stream>")
        self._line.until(_END)

    def _open(self) -> None:
        self._line.send(_OPEN.format(self._device.domain))
        self._line.until(_FEATURES)

    def _wish(self, mechanism: str) -> str:
        return f"<request-token xmlns='{_NS_FAST}' mechanism='{mechanism}'/>" if mechanism else ""

    def _authenticate(self, mechanism: str, initial: bytes, more: str) -> None:
        inline = _ENABLE + _CARBONS if self._busy else ""
        self._line.send(
            f"<authenticate xmlns='{_NS_SASL2}' mechanism='{mechanism}'>"
            f"<initial-response>{encode(initial)}</initial-response>{self._device.agent}{more}"
            f"<bind xmlns='{_NS_BIND2}'><tag>logins</tag>{inline}</bind></authenticate>"
        )

    def _finish(self) -> bytes:
        """Wait for the success; what the mechanism says with it."""
        match = self._line.until(_SUCCESS2)
        success = match.string[: match.end()]
        _hold(success.endswith(b"</success>"), success.decode())
        _hold(b"<bound " in success, "no resource was bound")
        if (token := _TOKEN.search(success)) is not None:
            self._device.token = token[1].decode()
            self._device.tokens_seen += 1
        self._line.until(_FEATURES)
        if self._busy:
            self._line.send(f"{_ROSTER}<presence/>")
        additional = _ADDITIONAL.search(success)
        return b64decode(additional[1]) if additional else b""


class Scram:
    """The client's side of SCRAM (RFC 5802)."""

    def __init__(
        self, device: Device, mechanism: str, binding: str = "", data: bytes = b""
    ) -> None:
        name = mechanism.removeprefix("SCRAM-").removesuffix("-PLUS")
        self._hash = name.replace("-", "").lower()
        self._device = device
        self._nonce = encode(os.urandom(18))
        self._header = f"p={binding},," if binding else "n,,"
        self._bound = encode(self._header.encode() + data)
        self._bare = f"n={device.user},r={self._nonce}"
        self._expected = b""

    def first(self) -> bytes:
        """The first message."""
        return (self._header + self._bare).encode()

    def final(self, challenge: bytes) -> bytes:
        """The answer to the challenge."""
        text = challenge.decode()
        fields = dict(part.split("=", 1) for part in text.split(","))
        _hold(fields["r"].startswith(self._nonce), "the nonce is another")
        keys = self._device.derive(self._hash, b64decode(fields["s"]), int(fields["i"]))
        without_proof = f"c={self._bound},r={fields['r']}"
        message = f"{self._bare},{text},{without_proof}".encode()
        signature = hmac.digest(keys.stored, message, self._hash)
        proof = bytes(a ^ b for a, b in zip(keys.client, signature, strict=True))
        self._expected = b"v=" + b64encode(hmac.digest(keys.server, message, self._hash))
        return f"{without_proof},p={encode(proof)}".encode()

    def verify(self, answer: bytes) -> None:
        """The server has to know the password too."""
        _hold(answer == self._expected, "the server does not know the password")


def encode(data: bytes) -> str:
    """In base64."""
    return b64encode(data).decode()


def _data(match: re.Match[bytes]) -> bytes:
    """What a challenge or a success holds."""
    _hold(match[1] is not None, match.string.decode(errors="replace"))
    return b64decode(match[1])


def _hold(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RefusedError(otherwise)


_CONTEXT = SSL.Context(SSL.TLS_CLIENT_METHOD)
