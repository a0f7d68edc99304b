"""XEP-0004, XEP-0068: forms, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from extensions.payloads import forms
from server.errors import StanzaError
from server.jid import JID

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=8)
FIELDS = st.builds(
    forms.Field,
    var=st.uuids().map(str),
    values=st.lists(TEXT, max_size=3).map(tuple),
    type=st.sampled_from(sorted(forms.FIELD_TYPES)),
    label=TEXT,
    description=TEXT,
    required=st.booleans(),
    options=st.lists(st.builds(forms.Option, TEXT, TEXT), max_size=3).map(tuple),
)
FORMS = st.builds(
    forms.Form,
    type=st.sampled_from(sorted(forms.TYPES)),
    fields=st.lists(FIELDS, max_size=4).map(tuple),
    title=TEXT,
    instructions=TEXT,
    items=st.lists(st.lists(FIELDS, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
)


def form(content: str, kind: str = "submit") -> forms.Form:
    return forms.parse(etree.fromstring(f"<x xmlns='jabber:x:data' type='{kind}'>{content}</x>"))


@given(FORMS)
def test_what_is_built_is_parsed_to_the_same(made: forms.Form) -> None:
    assert forms.parse(etree.fromstring(etree.tostring(forms.build(made)))) == made


def test_values_by_their_type() -> None:
    made = form(
        "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>"
        "<field var='yes'><value>1</value></field><field var='no'><value>false</value></field>"
        "<field var='who'><value>A@b.example</value></field>"
        "<field var='lines'><value>a</value><value>b</value></field><field var='empty'/>"
    )
    assert made.form_type == "urn:x"
    assert made.flag("yes") is True
    assert made.flag("no") is False
    assert made.flag("absent") is None
    assert made.jid("who") == JID.of("a@b.example")
    assert made.jids("who") == (JID.of("a@b.example"),)
    assert made.text("lines") == "a\nb"
    assert made.text("absent") is None
    assert made.value("empty") is None


def test_values_of_another_type_are_refused() -> None:
    made = form("<field var='a'><value>@</value></field><field var='b'><value/><value/></field>")
    for wrong in (lambda: made.flag("a"), lambda: made.jid("a"), lambda: made.value("b")):
        with pytest.raises(StanzaError):
            wrong()


@pytest.mark.parametrize(
    "content",
    [
        "<field/>",
        "<field var='a'/><field var='a'/>",
        "<field var='a'>" + "<value/>" * 5000 + "</field>",
        "".join(f"<field var='{number}'/>" for number in range(600)),
        "<item/>" * 1100,
    ],
)
def test_malformed_forms_are_refused(content: str) -> None:
    with pytest.raises(StanzaError):
        form(content)


def test_a_form_needs_a_type() -> None:
    with pytest.raises(StanzaError):
        form("", "question")


def test_an_unknown_type_of_field_is_a_line_of_text() -> None:
    assert form("<field var='a' type='colour'/>").fields[0].type == "text-single"


def test_submissions_are_checked() -> None:
    def request(kind: str, form_type: str) -> etree._Element:
        return etree.fromstring(
            f"<q xmlns='urn:q'><x xmlns='jabber:x:data' type='{kind}'><field var='FORM_TYPE'>"
            f"<value>{form_type}</value></field></x></q>"
        )

    assert forms.submission(etree.fromstring("<q xmlns='urn:q'/>"), "urn:q") is None
    assert forms.submission(request("submit", "urn:q"), "urn:q") is not None
    for wrong in (request("form", "urn:q"), request("submit", "urn:other")):
        with pytest.raises(StanzaError):
            forms.submission(wrong, "urn:q")
