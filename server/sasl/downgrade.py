"""Telling the client, under its password's seal, what we offered (XEP-0474, XEP-0515)."""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from functools import lru_cache


@lru_cache(maxsize=256)
def advertised_hash(
    hash_name: str, mechanisms: tuple[str, ...], binding_types: tuple[str, ...]
) -> str:
    """The value of `h`: a hash over all mechanisms and channel-binding types we advertised.

    "All sorting operations MUST be performed using "i;octet" collation" (XEP-0474 §6.1): for
    ASCII names that is the order of Python's strings.
    """
    text = "\x1e".join(sorted(mechanisms))
    if binding_types:
        text += "\x1f" + "\x1e".join(sorted(binding_types))
    digest = hashlib.new(hash_name, text.encode()).digest()
    return b2a_base64(digest, newline=False).decode()


def version_text(version: int) -> str:
    """The value of `t`: the TLS version as four lower-case hexadecimal digits (XEP-0515 §4.1)."""
    return f"{version:04x}"
