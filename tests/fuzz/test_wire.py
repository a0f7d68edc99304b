"""Whatever is taken in and passed on is XML for all: no stanza ends its recipient's stream."""

from random import Random  # noqa: TID251 - seeded, so that every run is the same
from xml.parsers import expat

from server.element import Element
from server.jid import JID
from server.stanza import Stanza
from server.stream.parser import StreamParser
from tests.fuzz.test_stream import SPICE, mutate
from tests.server.stream.samples import HEADER, LIMITS

ROUNDS = 6000
SEED = 7590
ANNA, BEN = JID.of("anna@example.org/a&'"), JID.of("ben@example.org")
OPEN = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
STANZAS = (
    b"<message to='a@b' id='x' type='chat' xml:lang='en'><body>hi &amp; &lt;b&gt;</body></message>",
    b"<message><foo:x foo:y='1' xmlns:z='urn:z'><z:a/>t</foo:x><body xmlns=''>x</body></message>",
    b"<stream:message/><foo:message><body/></foo:message><message xmlns='jabber:server'/>",
    b"<message a='1' b=\"2'\"><x xmlns='urn:x' xmlns:q='urn:q' q:a='1' a='2'><q:y/></x></message>",
    b"<message><x xmlns='rel'/><p:x xmlns:p=';'/><x xml:space='odd'/>]]&gt;</message>",
    b"<message><x xmlns:stream='urn:s'><stream:y/></x></message>",
    b"<presence type='unavailable'><status xml:lang='de'>\xc3\xa4&#10;&#x85;</status></presence>",
    b"<iq type='get' id='1'><query xmlns='jabber:iq:roster' ver=''/>&#13;</iq>",
)
MORE = [
    *SPICE,
    b"xmlns='r' ",
    b"xmlns:foo='' ",
    b"<y:z/>",
    b"xml:",
    b" a:b='1'",
    b"<x xmlns='r'/>",
    b"&#9;",
]


def read(wire: bytes) -> None:
    """Read it as a strict client would, on a stream that has heard nothing else."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.Parse(OPEN, False)
    parser.Parse(wire, False)
    parser.Parse(b"</stream:stream>", True)


def kind_of(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def accepted(data: bytes) -> list[Element]:
    parser = StreamParser(LIMITS)
    return parser.feed(HEADER + data)


def test_what_is_passed_on_can_be_read() -> None:
    chance = Random(SEED)
    passed = 0
    for _ in range(ROUNDS):
        data = mutate(b"".join(chance.choices(STANZAS, k=2)), chance)
        at = chance.randint(0, len(data))
        data = data[:at] + chance.choice([b"", *MORE]) + data[at:]
        for element in accepted(data):
            if element.tag in {
                f"{{jabber:client}}{kind}" for kind in ("message", "presence", "iq")
            }:
                wire = Stanza(kind_of(element), element, ANNA, BEN).wire(BEN)
                try:
                    read(wire)
                except expat.ExpatError as error:
                    raise AssertionError(f"{error}: {data!r} became {wire!r}") from None
                passed += 1
    assert passed > ROUNDS // 10
