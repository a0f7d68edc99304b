"""Streams to feed, and what must come out of them however they are cut."""

from typing import Final, NamedTuple, TypeAlias

from lxml import etree

from server.stream.limits import Limits
from server.stream.parser import StreamParser

HEADER: Final = (
    b"<?xml version='1.0'?><stream:stream to='x' version='1.0' xmlns='jabber:client'"
    b" xmlns:stream='http://etherx.jabber.org/streams' xmlns:foo='urn:foo'>"
)
LIMITS: Final = Limits(size=2000, depth=10, attributes=20)


Tree: TypeAlias = tuple[str, list[tuple[str, str]], str | None, list[object]]


class Outcome(NamedTuple):
    """What a stream came to."""

    elements: list[Tree]
    condition: str | None
    application: bool
    closed: bool


def run(
    data: bytes, size: int = 1 << 20, limits: Limits = LIMITS, header: bytes = HEADER
) -> Outcome:
    """Feed a stream in pieces of this size."""
    return run_pieces(cut(header + data, size), limits)


def cut(data: bytes, size: int) -> list[bytes]:
    """Cut into pieces of this size."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def run_pieces(pieces: list[bytes], limits: Limits = LIMITS) -> Outcome:
    """Feed these pieces."""
    parser = StreamParser(limits)
    elements = [element for piece in pieces for element in parser.feed(piece)]
    return Outcome(
        [tree(element) for element in elements],
        str(parser.error.condition) if parser.error else None,
        bool(parser.error and parser.error.application),
        parser.closed,
    )


def tree(element: etree._Element) -> Tree:
    """Give what an element says, and nothing of how it was written."""
    children: list[object] = [(tree(child), child.tail) for child in element]
    return (
        str(element.tag),
        sorted((str(name), str(value)) for name, value in element.items()),
        element.text,
        children,
    )


def nested(depth: int) -> bytes:
    """Give an element of this depth."""
    return b"<a>" * (depth - 1) + b"<b/>" + b"</a>" * (depth - 1)


#: What follows the header: (bytes, how many elements come out, condition)
GOOD: Final[list[tuple[bytes, int]]] = [
    (b"", 0),
    (b" \r\n\t ", 0),
    (b"<a/>", 1),
    (b"  <a/>\n <b x='>'>y</b> ", 2),
    (b"<message to='a@b'><body>hi > there</body></message><iq/><presence/>", 3),
    (b"<a x='/>' y=\"it's <!\"/>".replace(b"<!", b"&lt;!"), 1),
    (b"<a x = '1'\n\ty='2' ></a\n><b />", 2),
    (b"<a>/></a><b>></b>", 2),
    (b"<a>&amp;&lt;&gt;&quot;&apos;&#65;&#x41;</a>", 1),
    (b"<a><![CDATA[</a><!-- -->&foo;<?x ]]]]></a><b/>", 2),
    (b"<a><![CDATA[]]]></a>".replace(b"]]]>", b"]]>"), 1),
    (b"<a>?!</a><b x='?!'/>", 2),
    (b"<foo:a/><b/>", 2),
    (b"<a><foo:b foo:c='d'/></a>", 1),
    (b"<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", 1),
    (b"<c:message xmlns:c='jabber:client'><c:body>x</c:body></c:message>", 1),
    (b"<message><message><message/></message></message>", 1),
    (b"<a xml:lang='de' xml:id='not an id'/><a xml:id='1'/><a xml:id='1'/>", 3),
    ("<a>\u00e9\u20ac\U0001f600</a><\u00e9/>".encode(), 2),
    (nested(10), 1),
    (nested(10) + nested(9), 2),
    (b"<a %s/>" % b" ".join(b"a%d='='" % n for n in range(20)), 1),
    (b"<a>" + b"=" * 50 + b"</a>", 1),
    (b"<a>" + b"x" * (2000 - 7) + b"</a>", 1),
    (b"   <a>" + b"x" * (2000 - 7) + b"</a>   ", 1),
    (b"<a/>" * 1500, 1500),
    (b"<a><b/></a>" * 300 + b"<a>&#32;</a>", 301),
]

BAD: Final[list[tuple[bytes, int, str]]] = [
    # restricted XML (RFC 6120 §11.1)
    (b"<a/><!-- comment --><b/>", 1, "restricted-xml"),
    (b"<a><!-- comment --></a>", 0, "restricted-xml"),
    (b"<a/><?pi data?>", 1, "restricted-xml"),
    (b"<a><?pi?></a>", 0, "restricted-xml"),
    (b"<?xml version='1.0'?><a/>", 0, "restricted-xml"),
    (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 0, "restricted-xml"),
    (b"<a/><a>&foo;</a><b/>", 1, "restricted-xml"),
    (b"<a b='&foo;'/>", 0, "restricted-xml"),
    (b"<a><!ENTITY b SYSTEM 'file:///etc/passwd'></a>", 0, "restricted-xml"),
    (b"<a><![CDAT[x]]></a>", 0, "restricted-xml"),
    # not well-formed
    (b"<a/><a></b>", 1, "not-well-formed"),
    (b"<a/></b>", 1, "not-well-formed"),
    (b"</s><s>", 0, "not-well-formed"),
    (b"<a/></s><s xmlns='jabber:client'>", 1, "not-well-formed"),
    (b"<a><b></a></b>", 0, "not-well-formed"),
    (b"<a b='<'/>", 0, "not-well-formed"),
    (b"<a <b/>", 0, "not-well-formed"),
    (b"<a b=c/>", 0, "not-well-formed"),
    (b"<a b='1' b='2'/>", 0, "not-well-formed"),
    (b"<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", 0, "not-well-formed"),
    (b"<a>]]></a>", 0, "not-well-formed"),
    (b"<a>&#0;</a>", 0, "not-well-formed"),
    (b"<a>&#xD800;</a>", 0, "not-well-formed"),
    (b"<a>&#xFFFE;</a>", 0, "not-well-formed"),
    (b"<a>\0</a>", 0, "not-well-formed"),
    (b"<a>\x0b</a>", 0, "not-well-formed"),
    (b"<a>& </a>", 0, "not-well-formed"),
    (b"<a>&amp</a>", 0, "not-well-formed"),
    (b"<>", 0, "not-well-formed"),
    (b"< a/>", 0, "not-well-formed"),
    (b"</>", 0, "not-well-formed"),
    (b"<a>< b></a>", 0, "not-well-formed"),
    (b"<a><></a>", 0, "not-well-formed"),
    (b"<=a/>", 0, "not-well-formed"),
    (b"<1/>", 0, "not-well-formed"),
    (b"<a:b:c xmlns:a='u'/>", 0, "not-well-formed"),
    (b"<a:/>", 0, "not-well-formed"),
    (b"<a xmlns:xml='u'/>", 0, "not-well-formed"),
    (b"<a xmlns:x=''/>", 0, "not-well-formed"),
    (b"<a></a b='c>'></a>", 0, "not-well-formed"),
    # prefixes
    (b"<p:a/>", 0, "bad-namespace-prefix"),
    (b"<a/><a p:b='c'/>", 1, "bad-namespace-prefix"),
    (b"<a xmlns:p='u'/><p:a/>", 1, "bad-namespace-prefix"),
    # text between stanzas
    (b"<a/>x<b/>", 1, "bad-format"),
    (b"hello", 0, "bad-format"),
    (b"&amp;<a/>", 0, "bad-format"),
    (b"<a/>&#32;<a/>", 1, "bad-format"),
    (b"<a/><![CDATA[ ]]><a/>", 1, "bad-format"),
    ("<a/>\u00a0<a/>".encode(), 1, "bad-format"),
    (b"\xef\xbb\xbf<a/>", 0, "bad-format"),
    (b"<a/>\0", 1, "bad-format"),
    # encodings
    (b"<a>\xff</a>", 0, "unsupported-encoding"),
    (b"<a>\xc0\x80</a>", 0, "unsupported-encoding"),
    (b"<a>\xe0\x80\xbc</a>", 0, "unsupported-encoding"),
    (b"<a>\xed\xa0\x80</a>", 0, "unsupported-encoding"),
    (b"<a>\xf5\x80\x80\x80</a>", 0, "unsupported-encoding"),
    (b"<a>\xe2\x82</a>", 0, "unsupported-encoding"),
    (b"<a b='\x80'/>", 0, "unsupported-encoding"),
    (b"<a/>\xff\xfe<\0a\0", 1, "unsupported-encoding"),
    # limits
    (nested(11), 0, "policy-violation"),
    (nested(10) + nested(11), 1, "policy-violation"),
    (b"<a>" * 11, 0, "policy-violation"),
    (b"<a>" * 500, 0, "policy-violation"),
    (b"<a %s/>" % b" ".join(b"a%d=''" % n for n in range(21)), 0, "policy-violation"),
    (b"<a %s/>" % b" ".join(b"xmlns:a%d='u'" % n for n in range(21)), 0, "policy-violation"),
    (b"<a/><b><y:c/><d xmlns='relative'/></b>", 1, "bad-namespace-prefix"),
    (b"<b/><a><c %s/></a>" % b" ".join(b"a%d='>='" % n for n in range(21)), 1, "policy-violation"),
    (b"<a>" + b"x" * (2001 - 7) + b"</a>", 0, "policy-violation"),
    (b"<b/><a>" + b"x" * 3000, 1, "policy-violation"),
    (b"<a " + b"x" * 3000, 0, "policy-violation"),
    (b"<a b='" + b"x" * 3000, 0, "policy-violation"),
    (b"<a><![CDATA[" + b"x" * 3000, 0, "policy-violation"),
    (b"<a>" + b"x" * 2100 + b"<!-- -->", 0, "policy-violation"),
    (b"<a>" + b"x" * 2100 + nested(20), 0, "policy-violation"),
    (b"<a>" + b"<b/>" * 1000 + b"</a>", 0, "policy-violation"),
]
