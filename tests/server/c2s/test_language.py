"""The language of what a client says (RFC 6120 §4.7.4, §8.1.5)."""

import pytest
from lxml import etree

from server.c2s.language import declared, mark
from tests.harness.house import House
from tests.harness.talk import SUCCESS, authenticate, bind, connect, header, plain

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MESSAGE = "<message to='ben@example.org'><body>Grüezi</body></message>"


@pytest.mark.parametrize("tag", ["de", "de-CH", "en-US", "zh-Hans-CN", "x-klingon", "a" * 8])
def test_what_may_be_a_language(tag: str) -> None:
    assert declared(tag) == tag


@pytest.mark.parametrize(
    "tag",
    [
        None, "", " ", "en", "de_CH", "de-", "-de", "1a", "a" * 9, "de' onload='", "de\n", "ä",
        "-".join(["abcdefgh"] * 10), "a" * 100_000, "de--CH",
    ],
)  # fmt: skip
def test_what_adds_nothing(tag: str | None) -> None:
    """Either it is what our streams declare anyway, or it is no language at all."""
    assert declared(tag) == ""


def test_what_is_there_stays() -> None:
    """§4.7.4: "MUST NOT modify or delete it"."""
    stanza = etree.fromstring("<message xml:lang='fr'/>")
    mark(stanza, "de")
    assert stanza.get(XML_LANG) == "fr"


async def test_stanzas_get_the_language_of_their_stream() -> None:
    async with House() as house:
        ben = await house.online("ben/b")
        anna = await authenticate(house, "anna")
        await anna.send("</stream:stream>")
        anna = await connect(house, header(more=" xml:lang='de-CH'"))
        await anna.expect("<stream:features/>")
        await anna.send(plain("anna"))
        await anna.expect(SUCCESS)
        await anna.send(header(more=" xml:lang='de-CH'"))
        await anna.expect("<stream:features/>")
        await bind(anna)
        await anna.send(MESSAGE + MESSAGE.replace("<message", "<message xml:lang='gsw'"))
        assert [each.get(XML_LANG) for each in ben.take_all()] == ["de-CH", "gsw"]
        await anna.send("<presence to='ben@example.org/b'/>")
        assert [each.get(XML_LANG) for each in ben.take_all()] == ["de-CH"]


@pytest.mark.parametrize("more", ["", " xml:lang=''", " xml:lang='en'", " xml:lang='&lt;x/&gt;'"])
async def test_others_get_none(more: str) -> None:
    async with House() as house:
        ben = await house.online("ben/b")
        await house.add_user("anna")
        anna = await connect(house)
        await anna.send(plain("anna"))
        await anna.send(header(more=more))
        anna.take_all()
        await bind(anna)
        await anna.send(MESSAGE)
        assert [each.get(XML_LANG) for each in ben.take_all()] == [None]


@pytest.mark.parametrize("tag", ["de", "en", "en-US", "'"])
async def test_the_answer_names_the_language_of_our_texts(tag: str) -> None:
    """§4.7.4: what is not supported is answered with "the default language of the receiving
    entity"; what matches ours by look-up, with ours ("de" instead of "de-CH").
    """
    async with House() as house:
        client = await connect(house, header(more=f' xml:lang="{tag}"'))
        assert client.header is not None
        assert client.header.get(XML_LANG) == "en"
