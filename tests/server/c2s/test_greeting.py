"""The answering stream header."""

from server.c2s.greeting import greeting
from server.jid import JID


def test_a_client_that_named_itself_is_addressed() -> None:
    assert b" to='anna@example.org' " in greeting("example.org", "x", JID.of("anna@example.org"))


def test_a_client_that_did_not_is_not() -> None:
    header = greeting("example.org", "x1", None)
    assert b" to=" not in header
    assert b" id='x1' from='example.org' version='1.0'" in header
