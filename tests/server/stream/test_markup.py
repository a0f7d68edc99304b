"""What XMPP allows of XML, beyond what libxml2 decides."""

import pytest
from lxml import etree

from server.stream.limits import Limits
from server.stream.markup import is_within, refusal
from server.stream.reader import parse
from tests.server.stream.samples import nested

LIMITS = Limits(depth=5, attributes=3)


@pytest.mark.parametrize(
    ("data", "within"),
    [
        (nested(5), True),
        (nested(6), False),
        (b"<a/>" * 100, True),
        (nested(5) * 10, True),
        (nested(5) * 10 + nested(6), False),
        (b"<a b='' c='' d=''/>", True),
        (b"<a b='' c='' d='' e=''/>", False),
        (b"<a b='' xmlns:c='u' d='' e=''/>", False),
        (b"<a>======</a>", True),
        (b"<a b='>====' c='/>'>====</a>", True),
        (b"<a b='>====' c='/>' d=\"'\" e = '1'>====</a>", False),
        (b"<a\n\tb = ''\r\nc='x=y=z=' d=''\n/>", True),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_limits(data: bytes, within: bool) -> None:
    assert is_within(data, parse(b"<s>" + data + b"</s>"), LIMITS) == within


@pytest.mark.parametrize(
    ("data", "condition"),
    [
        (b"<a", "not-well-formed"),
        (b"<a>&b;</a>", "restricted-xml"),
        (b"<p:a/>", "bad-namespace-prefix"),
        (b"<a>\xff</a>", "unsupported-encoding"),
        (b"<" + b"a" * 60_000 + b"/>", "policy-violation"),
        (b"<a>" * 300 + b"</a>" * 300, "policy-violation"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_complaints_are_translated(data: bytes, condition: str) -> None:
    with pytest.raises(etree.XMLSyntaxError) as caught:
        parse(data)
    error = refusal(caught.value)
    assert error.condition == condition
    assert error.text
