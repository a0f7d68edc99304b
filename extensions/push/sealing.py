"""Notifications that only the device can read (`tigase:push:encrypt:0` §4.4); pure.

The app server learns that there is something, whether somebody calls (it has another way to ring),
and a size, which padding makes the same for nearly all.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from extensions.push.tigase import ENCRYPT

if TYPE_CHECKING:
    from extensions.push.content import Content
    from extensions.push.wants import Seal

IV_BYTES: Final = 12
_TAG_BYTES: Final = 16

#: What app servers can pass on where the device does not say: Apple and Google take 4,096 bytes.
_USUAL_SIZE: Final = 3000
#: Of that, so many bytes are the app server's own.
_OVERHEAD: Final = 64

#: Sizes come in steps of so many bytes.
STEP: Final = 1024


def sealed(seal: Seal, iv: bytes, count: int, content: Content, *, takes_calls: bool) -> bytes:
    """`<encrypted/>`: how many wait, and what is told of the newest of them."""
    limit, call = _limit(seal), _ringing(count, content) if takes_calls else b""
    is_call = 0 < len(call) <= limit
    plain = call if is_call else _fitting(count, content, limit)
    data = AESGCM(seal.key).encrypt(iv, _padded(plain, limit), None)
    return b"<encrypted xmlns='%s' iv='%s'%s>%s</encrypted>" % (
        ENCRYPT.encode(), b64encode(iv), b" type='voip'" if is_call else b"", b64encode(data),
    )  # fmt: skip


def _limit(seal: Seal) -> int:
    """How many bytes can be encrypted so that they fit when they are Base64."""
    return ((seal.max_size or _USUAL_SIZE) - _OVERHEAD) // 4 * 3 - _TAG_BYTES


def _ringing(count: int, content: Content) -> bytes:
    """What a device needs to ring; nothing if nobody calls.

    COMPAT: Siskin 7.3 answers to the full address; without a list of media it hangs up.
    """
    if content.call is None:
        return b""
    return _encode(count, sender=str(content.sender), type="call", sid=content.call.sid,
                   media=content.call.media)  # fmt: skip


def _fitting(count: int, content: Content, limit: int) -> bytes:
    """What was written; if that would be too long, less and less of it.

    "the XMPP server will try to reduce size of the message body (cutout end of the body)"
    """
    fields: dict[str, object] = {"sender": str(content.sender.bare)}
    if content.is_groupchat:
        fields |= {"type": "groupchat", "nickname": content.nick}
    elif not content.is_request:
        # DEVIATION: of requests the type is "subscribe"; COMPAT: Siskin 7.3 ends when it reads it.
        fields["type"] = "chat"
    text = content.text
    while len(plain := _encode(count, **fields, message=text)) > limit and text:
        text = text[: len(text) // 2]
    return plain if len(plain) <= limit else _encode(count)


def _encode(count: int, **fields: object) -> bytes:
    return msgspec.json.encode({"unread": count, **fields})


def _padded(plain: bytes, limit: int) -> bytes:
    """Filled up with white space, which means nothing in JSON (RFC 8259 §2)."""
    return plain.ljust(min(-(-len(plain) // STEP) * STEP, limit))
