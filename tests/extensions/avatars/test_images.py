"""Images are taken for what they are, within bounds (XEP-0084 §4, XEP-0153 §4)."""

import pytest
from lxml import etree

from extensions.avatars import images
from extensions.avatars.images import Image, NoImage, TooBig
from tests.extensions.avatars.pictures import JPEG, PNG, encoded, hash_of


@pytest.mark.parametrize(
    ("data", "said", "kind"),
    [
        (PNG, "image/png", "image/png"),
        (PNG, "image/jpeg", "image/png"),
        (JPEG, "", "image/jpeg"),
        (b"GIF89a1", "", "image/gif"),
        (b"RIFF1234WEBPVP8 ", "text/plain", "image/webp"),
        (b"<svg/>", "Image/SVG+xml ", "image/svg+xml"),
    ],
)
def test_the_type_is_that_of_the_data_if_it_can_be_told(data: bytes, said: str, kind: str) -> None:
    assert images.parse(encoded(data), said).kind == kind


@pytest.mark.parametrize("said", ["", "text/html", "image/" + "x" * 200])
def test_what_is_no_image_is_refused(said: str) -> None:
    with pytest.raises(NoImage):
        images.parse(encoded(b"hello"), said)


@pytest.mark.parametrize("text", ["a", "QUJD!", "QUJ\u00e4", "=QUJ"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(NoImage):
        images.decode(text)


def test_whitespace_says_nothing() -> None:
    assert images.decode(" QU\r\nJD\t") == b"ABC"


@pytest.mark.parametrize("more", [1, 2, 3, 100])
def test_there_is_a_largest_image(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 100)
    assert len(images.decode(encoded(b"x" * 100))) == 100
    with pytest.raises(TooBig):
        images.decode(encoded(b"x" * (100 + more)))


def test_data_and_metadata_there_and_back() -> None:
    image = Image(PNG, "image/png")
    assert images.parse_data(images.build_data(image)) == PNG
    assert images.parse_metadata(images.build_metadata(image)) == (hash_of(PNG), "image/png")
    assert images.parse_metadata(images.build_metadata(None)) is None


@pytest.mark.parametrize(
    "payload",
    [b"", b"<data xmlns='urn:x'>QUJD</data>", b"<data xmlns='urn:xmpp:avatar:data'><a/></data>"],
)
def test_other_items_are_no_images(payload: bytes) -> None:
    with pytest.raises(NoImage):
        images.parse_data(payload)


def test_the_image_at_hand_is_chosen() -> None:
    payload = (
        b"<metadata xmlns='urn:xmpp:avatar:metadata'>"
        b"<info bytes='1' id='a' type='image/gif' url='http://avatars.example.org/happy.gif'/>"
        b"<info bytes='1' id='b' type='image/png'/><pointer/></metadata>"
    )
    assert images.parse_metadata(payload) == ("b", "image/png")


def test_pictures_elsewhere_stay_in_the_card() -> None:
    card = etree.fromstring(
        "<vCard xmlns='vcard-temp'><FN>x</FN><PHOTO><TYPE>image/png</TYPE><BINVAL/></PHOTO>"
        "<PHOTO><EXTVAL>http://x/</EXTVAL></PHOTO></vCard>"
    )
    assert images.take_photo(card) is None
    assert [child.tag.rpartition("}")[2] for child in card] == ["FN", "PHOTO"]
