"""Errors and their bytes (RFC 6120 §4.9, §6.5, §8.3)."""

import pytest
from lxml import etree

from server.element import E
from server.errors import (
    DEFAULT_TYPES,
    Condition,
    ErrorType,
    SASLCondition,
    SASLFailure,
    StanzaError,
    StreamCondition,
    StreamError,
)
from server.jid import JID

STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
STREAMS = "{urn:ietf:params:xml:ns:xmpp-streams}"
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
OPEN = b"<s xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"


def parse(data: bytes) -> etree._Element:
    return etree.fromstring(OPEN + data + b"</s>")[0]


def test_every_condition_has_a_type() -> None:
    assert set(DEFAULT_TYPES) == set(Condition)
    assert len(Condition) == 22
    assert len(StreamCondition) == 25
    assert len(SASLCondition) == 11


@pytest.mark.parametrize("condition", Condition)
def test_stanza_error(condition: Condition) -> None:
    element = parse(StanzaError(condition, "Wh<y> & 'how'").build())
    assert element.tag == "{jabber:client}error"
    assert element.get("type") == DEFAULT_TYPES[condition]
    assert [child.tag for child in element] == [STANZAS + condition, STANZAS + "text"]
    assert element[1].text == "Wh<y> & 'how'"


def test_stanza_error_without_text_is_short() -> None:
    assert StanzaError(Condition.ITEM_NOT_FOUND).build() == (
        b"<error type='cancel'>"
        b"<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    )


def test_stanza_error_with_everything() -> None:
    error = StanzaError(
        Condition.GONE, "moved", ErrorType.MODIFY, E("{urn:x}why"), detail="xmpp:a@b"
    )
    element = parse(error.build(by=JID.of("b/x'y")))
    assert (element.get("type"), element.get("by")) == ("modify", "b/x'y")
    assert [child.tag for child in element] == [STANZAS + "gone", STANZAS + "text", "{urn:x}why"]
    assert element[0].text == "xmpp:a@b"


def test_application_may_be_bytes() -> None:
    error = StanzaError(Condition.BAD_REQUEST, application=b"<y xmlns='urn:y'/>")
    assert parse(error.build())[1].tag == "{urn:y}y"


@pytest.mark.parametrize("condition", StreamCondition)
def test_stream_error(condition: StreamCondition) -> None:
    element = parse(StreamError(condition, "t", b"<y xmlns='urn:y'/>").build())
    assert element.tag == "{http://etherx.jabber.org/streams}error"
    assert [child.tag for child in element] == [STREAMS + condition, STREAMS + "text", "{urn:y}y"]


def test_see_other_host() -> None:
    error = StreamError(StreamCondition.SEE_OTHER_HOST, detail="[::1]:5222")
    assert parse(error.build())[0].text == "[::1]:5222"


@pytest.mark.parametrize("condition", SASLCondition)
def test_sasl_failure(condition: SASLCondition) -> None:
    element = parse(SASLFailure(condition, "no").build())
    assert element.tag == SASL + "failure"
    assert [child.tag for child in element] == [SASL + condition, SASL + "text"]


def test_errors_are_exceptions_that_say_what_they_are() -> None:
    assert "item-not-found" in str(StanzaError(Condition.ITEM_NOT_FOUND, "no such thing"))
