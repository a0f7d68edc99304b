"""The client's messages in SCRAM, read strictly (RFC 5802 §5, §7).

A parser returns what it has read, or a text that says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.sasl.encoding import decode

LONGEST_NONCE = 512
_NONCE = frozenset(map(chr, range(0x21, 0x7F))) - {","}


@dataclass(slots=True)
class GS2Header:
    """Whether and how the client binds to the channel, and as whom it wants to act."""

    flag: str
    binding: str
    authzid: str
    raw: bytes


@dataclass(slots=True)
class ClientFirst:
    """The client-first-message."""

    header: GS2Header
    bare: str
    username: str
    nonce: str


@dataclass(slots=True)
class ClientFinal:
    """The client-final-message."""

    binding: bytes
    nonce: str
    proof: bytes
    without_proof: str


def parse_client_first(data: bytes) -> ClientFirst | str:
    """`gs2-header client-first-message-bare`."""
    text = _text(data)
    if text is None:
        return "not UTF-8, or a NUL in it"
    parts = text.split(",", 2)
    if len(parts) != 3:
        return "no GS2 header"
    flag, authzid, bare = parts
    header = _parse_header(flag, authzid)
    if isinstance(header, str):
        return header
    attributes = bare.split(",")
    # "m: ... its presence in a client or a server message MUST cause authentication failure"
    # (RFC 5802 §5.1).
    if attributes[0].startswith("m="):
        return "a mandatory extension that this server does not know"
    if len(attributes) < 2 or not _are_extensions(attributes[2:]):
        return "expected a user name, a nonce and nothing malformed after them"
    username = _saslname(attributes[0], "n=")
    if not username:
        return "no user name, or an escape in it that is neither =2C nor =3D"
    nonce = attributes[1][2:]
    if not attributes[1].startswith("r=") or not _is_nonce(nonce):
        return "no nonce, or not one of printable ASCII"
    return ClientFirst(header, bare, username, nonce)


def parse_client_final(data: bytes) -> ClientFinal | str:
    """`channel-binding "," nonce ["," extensions] "," proof`."""
    text = _text(data)
    if text is None:
        return "not UTF-8, or a NUL in it"
    without_proof, comma, last = text.rpartition(",")
    attributes = without_proof.split(",")
    if not comma or len(attributes) < 2 or not _are_extensions(attributes[2:]):
        return "expected a channel binding, a nonce and a proof"
    if not (attributes[0].startswith("c=") and attributes[1].startswith("r=")):
        return "expected a channel binding, then a nonce"
    binding = decode(attributes[0][2:])
    proof = decode(last[2:]) if last.startswith("p=") else None
    if not binding or not proof:
        return "the channel binding or the proof is not base64"
    return ClientFinal(binding, attributes[1][2:], proof, without_proof)


def _parse_header(flag: str, authzid: str) -> GS2Header | str:
    """`gs2-cbind-flag "," [authzid] ","`."""
    binding = ""
    if flag.startswith("p="):
        flag, binding = "p", flag[2:]
        if not binding:
            return "a channel binding without a name"
    elif flag not in ("n", "y"):
        return "the channel-binding flag is none of n, y and p"
    name = ""
    if authzid:
        decoded = _saslname(authzid, "a=")
        if not decoded:
            return "malformed authorization identity"
        name = decoded
    raw = f"{flag}={binding}" if binding else flag
    return GS2Header(flag, binding, name, f"{raw},{authzid},".encode())


def _saslname(attribute: str, prefix: str) -> str | None:
    """The name in an attribute; None unless every `=` in it begins `=2C` or `=3D`."""
    if not attribute.startswith(prefix):
        return None
    name = attribute[2:]
    if "=" not in name:
        return name
    head, *rest = name.split("=")
    # "If the server receives a username that contains '=' not followed by either '2C' or '3D',
    # then the server MUST fail the authentication" (RFC 5802 §5.1).
    if not all(part.startswith(("2C", "3D")) for part in rest):
        return None
    return head + "".join(("," if part[0] == "2" else "=") + part[2:] for part in rest)


def _is_nonce(nonce: str) -> bool:
    return 0 < len(nonce) <= LONGEST_NONCE and _NONCE.issuperset(nonce)


def _are_extensions(attributes: list[str]) -> bool:
    """Whether each is a letter, an equals sign and a value; `m` stands only in first place."""
    return all(
        len(item) > 2 and item[1] == "=" and item[0].isascii() and item[0].isalpha()
        and item[0] != "m"
        for item in attributes
    )  # fmt: skip


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
