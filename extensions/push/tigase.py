"""What Siskin, Snikket and Beagle add to `<enable/>`: filters, priority, encryption.

There is no XEP; the clients' developers describe these on xeps.tigase.net. Each is an element, or
an attribute, of a namespace of its own, and a feature of the account. Siskin encrypts only where
the features of the filters for muted and for rooms and the one of priorities are there as well.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Final

from extensions.push.wants import Room, Seal, Wants
from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.element import Element

MUTED: Final = "tigase:push:filter:muted:0"
KNOWN_ONLY: Final = "tigase:push:filter:ignore-unknown:0"
ROOMS: Final = "tigase:push:filter:groupchat:0"
PRIORITY: Final = "tigase:push:priority:0"
JINGLE: Final = "tigase:push:jingle:0"
ENCRYPT: Final = "tigase:push:encrypt:0"
#: "even while other clients are in AWAY/XA state": here that never kept a device from being told.
AWAY: Final = "tigase:push:away:0"
AES_128_GCM: Final = "aes-128-gcm"

FEATURES: Final = (
    MUTED, KNOWN_ONLY, ROOMS, PRIORITY, JINGLE, ENCRYPT, f"tigase:push:encrypt:{AES_128_GCM}", AWAY,
)  # fmt: skip

#: Rules and addresses in one wish.
MOST: Final = 500
#: The least that a device may want the app server to pass on: a sender, and that he wrote.
LEAST_SIZE: Final = 512
_KEY_BYTES: Final = 16
_ALLOWED: Final = frozenset(("always", "mentioned", "never"))
_NICK_LIMIT: Final = 256


def parse(enable: Element) -> Wants:
    """What an `<enable/>` asks for."""
    return Wants(
        muted=tuple(str(jid.bare) for jid, _ in _items(enable, MUTED, "muted", "item")),
        known_only=enable.find(f"{{{KNOWN_ONLY}}}ignore-unknown") is not None,
        rooms=_rooms(enable),
        priority=enable.find(f"{{{PRIORITY}}}priority") is not None,
        jingle=enable.find(f"{{{JINGLE}}}jingle") is not None,
        seal=_seal(enable),
    )


def _rooms(enable: Element) -> tuple[Room, ...] | None:
    if enable.find(f"{{{ROOMS}}}groupchat") is None:
        return None
    found = []
    for jid, item in _items(enable, ROOMS, "groupchat", "room"):
        allow, nick = item.get("allow", ""), item.get("nick", "")
        if allow not in _ALLOWED or len(nick) > _NICK_LIMIT:
            text = "Of a room you hear 'always', 'never' or when you are 'mentioned' by a nick"
            raise StanzaError(Condition.BAD_REQUEST, text)
        found.append(Room(str(jid.bare), allow, nick))
    return tuple(found)


def _items(enable: Element, namespace: str, name: str, item: str) -> Iterator[tuple[JID, Element]]:
    """The entries of a list that have an address; others can mean nobody."""
    filter_ = enable.find(f"{{{namespace}}}{name}")
    items = [] if filter_ is None else filter_.findall(f"{{{namespace}}}{item}")
    if len(items) > MOST:
        text = f"Not more than {MOST} conversations can be named"
        raise StanzaError(Condition.NOT_ACCEPTABLE, text)
    for each in items:
        try:
            yield JID.parse(each.get("jid", "")), each
        except JIDMalformed:
            continue


def _seal(enable: Element) -> Seal | None:
    """The key of a device: "Base64 encoded AES128 encryption key" is the value of the element."""
    encrypt = enable.find(f"{{{ENCRYPT}}}encrypt")
    if encrypt is None:
        return None
    if encrypt.get("alg") != AES_128_GCM:
        text = f"Notifications are encrypted with {AES_128_GCM} only"
        raise StanzaError(Condition.FEATURE_NOT_IMPLEMENTED, text)
    return Seal(_key("".join((encrypt.text or "").split())), _size(encrypt.get("max-size")))


def _key(text: str) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        text = f"The key must be {_KEY_BYTES} bytes in Base64"
        raise StanzaError(Condition.BAD_REQUEST, text)
    return key


def _size(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise StanzaError(Condition.BAD_REQUEST, "The attribute max-size is a number of bytes")
    if int(text) < LEAST_SIZE:
        text = f"A notification needs {LEAST_SIZE} bytes"
        raise StanzaError(Condition.NOT_ACCEPTABLE, text)
    return int(text)
