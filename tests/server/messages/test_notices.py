"""What senders are told about messages that nobody fetched."""

import pytest

from server.jid import JID
from server.messages.notices import failure, is_worth_telling, length, letter, read
from server.stanza import BODY

DAY = 86_400.0
BEN, ANNA, HOST = JID.of("ben@example.org"), JID.of("anna@example.org"), JID.of("example.org")
ENVELOPE = b"<message type='chat' id='1' from='ben@example.org/g' to='anna@example.org'>"


def message(content: bytes, envelope: bytes = ENVELOPE) -> bytes:
    return envelope + content + b"</message>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<body>x</body>", True),
        (b"<body>x</body><received xmlns='urn:xmpp:receipts' id='1'/>", True),
        (b"<encrypted xmlns='eu.siacs.conversations.axolotl'/>", True),
        (b"<received xmlns='urn:xmpp:receipts' id='1'/>", False),
        (b"<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", False),
        (b"<unheard-of xmlns='urn:example'/>", False),
    ],
)
def test_only_what_somebody_wrote_is_worth_a_word(content: bytes, expected: bool) -> None:
    stanza = read(message(content))
    assert stanza is not None
    assert is_worth_telling(stanza) is expected


@pytest.mark.parametrize(
    "envelope",
    [
        b"<message from='example.org' to='anna@example.org'>",
        b"<message from='anna@example.org/a' to='anna@example.org'>",
    ],
)
def test_neither_servers_nor_oneself_are_told(envelope: bytes) -> None:
    stanza = read(message(b"<body>x</body>", envelope))
    assert stanza is not None
    assert not is_worth_telling(stanza)


@pytest.mark.parametrize(
    "wire",
    [b"<message>", b"<message/>", b"<message from='a@b' to='@'/>", b"<message from='a@b'/>"],
)
def test_what_cannot_be_read_is_none(wire: bytes) -> None:
    assert read(wire) is None


def test_the_error_names_the_message() -> None:
    stanza = read(message(b"<body>x</body>"))
    assert stanza is not None
    assert failure(stanza, 0, 30 * DAY) == (
        b"<message type='error' id='1' from='anna@example.org' to='ben@example.org'>"
        b"<error type='wait'><recipient-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        b"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>No device of "
        b"anna@example.org has fetched this message within 30 days</text></error>"
        b"<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:00.000Z'/></message>"
    )


def test_the_letter_says_what_happened() -> None:
    stanza = letter(HOST, BEN, ANNA, "n1", 2 * DAY)
    assert (stanza.from_, stanza.to, stanza.type, stanza.id) == (HOST, BEN, "normal", "n1")
    text = stanza.payloads[BODY].text
    assert text is not None
    assert "anna@example.org" in text
    assert "2 days" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30 * DAY, "30 days"),
        (DAY, "1 day"),
        (36 * 3600, "36 hours"),
        (3600, "1 hour"),
        (90 * 60, "90 minutes"),
        (60, "1 minute"),
        (59.6, "60 seconds"),
    ],
)
def test_lengths_in_words(seconds: float, words: str) -> None:
    assert length(seconds) == words
