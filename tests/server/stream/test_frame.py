"""One element a frame (RFC 7395 §3.3)."""

import pytest

from server.errors import StreamError
from server.stream.frame import parse_element
from server.stream.limits import Limits
from tests.server.stream.samples import nested

LIMITS = Limits(size=2000, depth=10, attributes=20)


@pytest.mark.parametrize(
    ("data", "tag"),
    [
        (b"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a'/>",
         "{urn:ietf:params:xml:ns:xmpp-framing}open"),
        (b"<message xmlns='jabber:client'><body>x</body></message>", "{jabber:client}message"),
        (b"<a><![CDATA[<!-- -->]]></a>  \n", "a"),
        (b"<p:a xmlns:p='urn:p'/>", "{urn:p}a"),
        (nested(10), "a"),
    ],
)  # fmt: skip
def test_good_frames(data: bytes, tag: str) -> None:
    element = parse_element(data, LIMITS)
    assert element.tag == tag
    assert not element.tail


@pytest.mark.parametrize(
    ("data", "condition"),
    [
        (b"", "bad-format"),
        (b" <a/>", "bad-format"),
        (b"hello", "bad-format"),
        (b"<a/><b/>", "bad-format"),
        (b"<a/>x", "bad-format"),
        (b"<a>", "not-well-formed"),
        (b"<a", "not-well-formed"),
        (b"</a>", "not-well-formed"),
        (b"</s><s>", "not-well-formed"),
        (b"<a></b>", "not-well-formed"),
        (b"<?xml version='1.0'?><a/>", "restricted-xml"),
        (b"<a><!-- --></a>", "restricted-xml"),
        (b"<a>&x;</a>", "restricted-xml"),
        (b"<a>\xff</a>", "unsupported-encoding"),
        (b"<stream:features/>", "bad-namespace-prefix"),
        (nested(11), "policy-violation"),
        (b"<a %s/>" % b" ".join(b"a%d=''" % n for n in range(21)), "policy-violation"),
        (b"<a>" + b"x" * 2000 + b"</a>", "policy-violation"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_bad_frames(data: bytes, condition: str) -> None:
    with pytest.raises(StreamError) as caught:
        parse_element(data, LIMITS)
    assert caught.value.condition == condition
