"""Base64 as SASL in XMPP wants it: canonical or refused (RFC 6120 §6.4.2, §13.9.1)."""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

LONGEST = 16_384
"""Characters of one message; a PLAIN message of the greatest lengths needs about 5,500."""


def decode(text: str) -> bytes | None:
    """The bytes of canonical base64, with padding and nothing around it; None if it is not."""
    if len(text) > LONGEST:
        return None
    try:
        data = a2b_base64(text, strict_mode=True)
    except (Error, ValueError):
        return None
    # Stray bits in the last character would let two texts mean the same bytes.
    return data if encode(data) == text else None


def encode(data: bytes) -> str:
    """Base64 on one line."""
    return b2a_base64(data, newline=False).decode("ascii")


def decode_message(text: str) -> bytes | None:
    """A message of a mechanism as XMPP writes it; None if it is not base64.

    "If the initiating entity needs to send a zero-length initial response, it MUST transmit the
    response as a single equals sign character" (RFC 6120 §6.4.2).
    """
    return b"" if text in ("", "=") else decode(text)
