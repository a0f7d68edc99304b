"""What is like what is expected, and what is not."""

import pytest

from tests.harness.transcript.matching import Unknown, difference, fill
from tests.harness.transcript.reading import elements

KNOWN = {"juliet": "juliet-1@example.org", "domain": "example.org"}

ALIKE = {
    "the same": ("<iq type='set' id='1'><a xmlns='b'>c</a></iq>",) * 2,
    "more attributes": ("<iq type='get'/>", "<iq type='get' id='1' to='a'/>"),
    "anything": ("<iq type='*' id='*'/>", "<iq type='get' id='1'/>"),
    "a part of anything": ("<iq from='*/r'/>", "<iq from='a@b/r'/>"),
    "absent": ("<iq id=''/>", "<iq/>"),
    "one of several": ("<a complete='|false'/>", "<a complete='false'/>"),
    "none of several": ("<a complete='|false'/>", "<a/>"),
    "an address": ("<iq from='{juliet}'/>", "<iq from='juliet-1@example.org'/>"),
    "a full address": ("<iq from='{juliet/b}'/>", "<iq from='juliet-1@example.org/b'/>"),
    "anything as text": ("<a xmlns='b'>*</a>", "<a xmlns='b'>c</a>"),
    "children in any order": ("<q><a/><b/></q>", "<q><b/><a/></q>"),
    "twins": ("<q><a/><a x='1'/></q>", "<q><a x='2'/><a x='1'/></q>"),
    "more, where that is allowed": ("<q>…<a/></q>", "<q><b/>text<a/><c/></q>"),
    "more, allowed after a child": ("<q><a/>…</q>", "<q><b/><a/></q>"),
    "more in a message": ("<message><body>a</body></message>",
                          "<message><body>a</body><x/></message>"),
    "more in an error": ("<iq type='error'><error><a/></error></iq>",
                         "<iq type='error'><error><a/><text>b</text></error><q/></iq>"),
    "normal is no type": ("<message/>", "<message type='normal'/>"),
    "something absent": ("<message><not><a/></not><b/></message>", "<message><b/><c/></message>"),
    "space": ("<q> <a/> </q>", "<q><a/></q>"),
}  # fmt: skip

UNLIKE = {
    "another name": ("<iq/>", "<message/>"),
    "another namespace": ("<a xmlns='b'/>", "<a xmlns='c'/>"),
    "another value": ("<iq id='1'/>", "<iq id='2'/>"),
    "a missing attribute": ("<iq id='*'/>", "<iq/>"),
    "an attribute that should be absent": ("<iq id=''/>", "<iq id='1'/>"),
    "none of several": ("<a b='c|d'/>", "<a b='e'/>"),
    "a type that is not written": ("<presence/>", "<presence type='unavailable'/>"),
    "a type that is missing": ("<message type='chat'/>", "<message/>"),
    "another text": ("<a>b</a>", "<a>c</a>"),
    "a text too much": ("<a/>", "<a>c</a>"),
    "no text": ("<a>*</a>", "<a/>"),
    "a missing child": ("<q><a/></q>", "<q/>"),
    "a missing twin": ("<q><a/><a/></q>", "<q><a/></q>"),
    "a child too much": ("<q/>", "<q><a/></q>"),
    "a child too much in a result": ("<iq type='result'/>", "<iq type='result'><q/></iq>"),
    "what should be absent": ("<message><not><a x='1'/></not></message>",
                              "<message><a x='2'/><a x='1'/></message>"),
    "a dot is a dot": ("<a b='x.y*'/>", "<a b='x-yz'/>"),
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "element"), ALIKE.values(), ids=ALIKE)
def test_alike(pattern: str, element: str) -> None:
    assert difference(elements(pattern)[0], elements(element)[0], dict(KNOWN)) == ""


@pytest.mark.parametrize(("pattern", "element"), UNLIKE.values(), ids=UNLIKE)
def test_unlike(pattern: str, element: str) -> None:
    assert difference(elements(pattern)[0], elements(element)[0], dict(KNOWN))


def test_what_is_noted_is_known_from_then_on() -> None:
    values = dict(KNOWN)
    pattern, element = elements("<iq id='{=id}'/><iq id='a1'/>")
    assert not difference(pattern, element, values)
    assert fill("<iq id='{id}' to='{juliet/x}'/>", values) == (
        "<iq id='a1' to='juliet-1@example.org/x'/>"
    )


def test_what_is_noted_counts_at_once() -> None:
    pattern, same, other = elements(
        "<q><a>{=x}</a><b>{x}</b></q><q><a>1</a><b>1</b></q><q><a>1</a><b>2</b></q>"
    )
    assert not difference(pattern, same, {})
    assert difference(pattern, other, {})


def test_nothing_is_noted_of_what_is_unlike() -> None:
    values: dict[str, str] = {}
    pattern, element = elements("<iq id='{=id}' to='b'/><iq id='a1' to='c'/>")
    assert difference(pattern, element, values)
    assert values == {}


def test_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(Unknown):
        fill("<iq to='{tybalt}'/>", dict(KNOWN))
