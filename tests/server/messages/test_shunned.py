"""Whose stored messages are not due any more."""

import pytest
from lxml import etree

from server.jid import JID
from server.messages.shunned import sender_of, shunned
from server.stanza import Stanza

ANNA = JID.of("anna@example.org")


def stored(sender: str, more: str = "", to: JID = ANNA) -> bytes:
    element = etree.fromstring(
        f"<message xmlns='jabber:client'{more}><body> from='x'</body></message>"
    )
    return Stanza("message", element, to, JID.parse(sender)).wire(to)


SENDERS = ["ben@example.org/a", "example.net", "ben@example.org/<&'\"> ü", "ben@example.org/ from="]
MORE = ["", " id=\" from='evil@example.org'\"", " type='chat'", " id='x from='", " id='x to='"]


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("resource", ["", "/a from=", "/a to="])
def test_the_sender_is_in_the_envelope(sender: str, more: str, resource: str) -> None:
    """Also when the end of another value looks like the beginning of this one."""
    to = JID.parse(ANNA + resource)
    assert sender_of(stored(sender, more, to)) == JID.parse(sender)


@pytest.mark.parametrize(
    "wire", [b"<message/>", b"<message> from='a'</message>", b"<message from='@'/>"]
)
def test_no_sender(wire: bytes) -> None:
    assert sender_of(wire) is None


def test_which() -> None:
    rows = [(1, stored("ben@example.org/a"), 2), (2, stored("carl@example.org"), 2), (3, b"?>", 2)]
    assert shunned(lambda jid: jid.local == "ben", rows) == {1}
