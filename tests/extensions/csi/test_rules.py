"""XEP-0352 §3.2: what can wait, as a table."""

import pytest

from extensions.csi.rules import key_of

STATE = b"<composing xmlns='http://jabber.org/protocol/chatstates'/>"
HINT = b"<no-store xmlns='urn:xmpp:hints'/>"
BODY = b"<body>x</body>"


def message(content: bytes) -> bytes:
    return b"<message type='chat' from='a@b.example/c' to='d@e.example'>%s</message>" % content


def carbon(inner: bytes) -> bytes:
    inner = inner.replace(b"<message", b"<message xmlns='jabber:client'")
    return message(
        b"<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>%s</forwarded>"
        b"</sent>" % inner
    )


@pytest.mark.parametrize(
    "wire",
    [
        b"<presence from='a@b.example/c' to='d@e.example'><show>away</show></presence>",
        b"<presence type='unavailable' from='a@b.example/c' to='d@e.example'/>",
        message(STATE),
        message(STATE + b"<thread>x</thread>" + HINT),
        carbon(message(STATE)),
    ],
)
def test_news_can_wait(wire: bytes) -> None:
    assert key_of(wire) is not None


@pytest.mark.parametrize(
    "wire",
    [
        b"<presence type='subscribe' from='a@b.example' to='d@e.example'/>",
        b"<presence type='error' from='a@b.example/c' to='d@e.example'/>",
        b"<presence from='r@rooms.example/me' to='d@e.example'>"
        b"<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>",
        message(BODY),
        message(STATE + BODY),
        message(STATE + b"<received xmlns='urn:xmpp:receipts' id='1'/>"),
        message(HINT),
        message(b""),
        carbon(message(STATE + BODY)),
        carbon(message(STATE + b"<received xmlns='urn:xmpp:receipts' id='1'/>")),
        message(b"<sent xmlns='urn:xmpp:carbons:2'>" + STATE + b"</sent>"),
        message(STATE + b"<thread>" + b"x" * 5000 + b"</thread>"),
        b"<iq type='result' id='1' from='a@b.example/c' to='d@e.example'/>",
    ],
)
def test_everything_else_cannot(wire: bytes) -> None:
    assert key_of(wire) is None


def test_the_newest_of_one_sender_counts() -> None:
    here = b"<presence from='a@b.example/c' to='d@e.example'/>"
    gone = b"<presence type='unavailable' from='a@b.example/c' to='d@e.example'/>"
    other = b"<presence from='a@b.example/x' to='d@e.example'><x from='a@b.example/c'/></presence>"
    assert key_of(here) == key_of(gone) != key_of(other)
    assert key_of(message(STATE)) != key_of(here)
