"""Tokens, and the names under which they are kept (XEP-0379 §5.1); pure."""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from typing import Final

#: "It is suggested to generate at least 80 bits of entropy": these are 120.
RANDOM: Final = 15
#: A longer text is none of our tokens.
LONGEST: Final = 64


def make(random: bytes) -> str:
    """A "random alpha-numeric string" (XEP-0401 §5.1) of that chance."""
    return b32encode(random).decode().rstrip("=").lower()


def name(token: str) -> str:
    """What is kept of a token; there is too much chance in it to be tried out."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()
