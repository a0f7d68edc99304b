"""Images as they come over the wire: encoding, size and type. They are never decoded."""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from server.element import E, escape
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from server.element import Element

DATA: Final = "urn:xmpp:avatar:data"
METADATA: Final = "urn:xmpp:avatar:metadata"
PHOTO: Final = "{vcard-temp}PHOTO"

#: The most bytes of an image.
MOST_BYTES: Final = 256 << 10

_TYPE: Final = "{vcard-temp}TYPE"
_BINVAL: Final = "{vcard-temp}BINVAL"
_EXTVAL: Final = "{vcard-temp}EXTVAL"
_LONGEST_TYPE: Final = 100
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


class TooBig(StanzaError):
    """An image is larger than this server keeps."""

    def __init__(self) -> None:
        super().__init__(Condition.NOT_ACCEPTABLE, f"An avatar may have {MOST_BYTES} bytes")


class NoImage(StanzaError):
    """What should be an image is none."""

    def __init__(self) -> None:
        super().__init__(Condition.NOT_ACCEPTABLE, "This is no image")


@dataclass(frozen=True, slots=True)
class Image:
    """An image and what its type is."""

    data: bytes
    kind: str

    @property
    def hash(self) -> str:
        """The SHA-1 by which everybody knows it (XEP-0084 §3.1); no secret depends on it."""
        return hashlib.sha1(self.data, usedforsecurity=False).hexdigest()


def parse(text: str, kind: str) -> Image:
    """An image in base64, said to be of a type.

    "If the … <TYPE/> specifies a content type that does not match the data …, the processing
    application MUST adhere to the content type of the actual image data" (XEP-0153 §5).
    """
    data = decode(text)
    found = kind_of(data) or kind.strip().lower()
    if not found.startswith("image/") or len(found) > _LONGEST_TYPE:
        raise NoImage
    return Image(data, found)


def decode(text: str) -> bytes:
    """The bytes behind base64; "any whitespace characters … MUST be ignored" (XEP-0153 §4.6)."""
    encoded = "".join(text.split())
    if len(encoded) > MOST_BYTES * 4 // 3 + 4:
        raise TooBig
    try:
        data = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise NoImage from None
    if len(data) > MOST_BYTES:
        raise TooBig
    return data


def kind_of(data: bytes) -> str:
    """What an image begins like; "" if that says nothing."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


# -- in vCards --


def take_photo(card: Element) -> Image | None:
    """Take the picture out of a vCard; pictures elsewhere stay in it."""
    taken: Image | None = None
    for photo in card.findall(PHOTO):
        text = photo.findtext(_BINVAL) or ""
        if text.strip() and taken is None:
            taken = parse(text, photo.findtext(_TYPE) or "")
        if text.strip() or photo.find(_EXTVAL) is None:
            card.remove(photo)
    return taken


def put_photo(card: Element, image: Image) -> None:
    """Show a picture in a vCard in place of any other."""
    for photo in card.findall(PHOTO):
        card.remove(photo)
    encoded = b64encode(image.data).decode()
    card.append(E(PHOTO, None, E(_TYPE, None, image.kind), E(_BINVAL, None, encoded)))


# -- in nodes --


def build_data(image: Image) -> bytes:
    """The item of the one node (XEP-0084 §4.1)."""
    return b"<data xmlns='urn:xmpp:avatar:data'>%s</data>" % b64encode(image.data)


def parse_data(payload: bytes) -> bytes:
    """The image in an item; refuses anything else."""
    element = etree.fromstring(payload) if payload else None
    if element is None or element.tag != f"{{{DATA}}}data" or len(element):
        raise NoImage
    return decode(element.text or "")


def build_metadata(image: Image | None) -> bytes:
    """The item of the other node; an empty one if there is no avatar (XEP-0084 §3.6, §4.2)."""
    if image is None:
        return b"<metadata xmlns='urn:xmpp:avatar:metadata'/>"
    return (
        b"<metadata xmlns='urn:xmpp:avatar:metadata'>"
        b"<info bytes='%d' id='%s' type='%s'/></metadata>"
        % (len(image.data), image.hash.encode(), escape(image.kind))
    )


def parse_metadata(payload: bytes) -> tuple[str, str] | None:
    """Which image of the data node is shown, and its type; None if none is.

    "Services … MUST pick the info element that does not point to an exernal URL" (XEP-0398 §3.1).
    """
    element = etree.fromstring(payload) if payload else None
    for info in () if element is None else element.findall(f"{{{METADATA}}}info"):
        if info.get("url") is None and info.get("id"):
            return info.get("id", ""), info.get("type", "")
    return None
