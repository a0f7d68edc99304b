"""XEP-0401 §5.1 and §5.4, XEP-0379 §3.3: addresses of invitations; and their tokens."""

import pytest

from extensions.invitations import links, tokens
from server.jid import JID

ROMEO = JID.of("romeo@example.com")


def test_the_links_of_the_examples() -> None:
    roster = links.roster(ROMEO, "TOKEN", registers=True)
    assert roster == "xmpp:romeo@example.com?roster;preauth=TOKEN;ibr=y"
    assert links.roster(ROMEO, "T", registers=False) == "xmpp:romeo@example.com?roster;preauth=T"
    named = links.register("juliet", "example.com", "TOKEN")
    assert named == "xmpp:juliet@example.com?register;preauth=TOKEN"
    assert links.register("", "example.com", "T") == "xmpp:example.com?register;preauth=T"


def test_what_means_something_in_an_address_is_written_otherwise() -> None:
    jid = JID.parse("a?b#c%é@example.com")
    assert links.roster(jid, "T", registers=False).startswith(
        "xmpp:a%3Fb%23c%25%C3%A9@example.com?"
    )


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("", ""),
        ("https://example.com/invite/#{token}", "https://example.com/invite/#TOKEN"),
        (
            "https://juicyxmpp.example/i/#{uri}",
            "https://juicyxmpp.example/i/#romeo@example.com?roster;preauth=TOKEN",
        ),
    ],
)
def test_landing_pages(template: str, page: str) -> None:
    uri = links.roster(ROMEO, "TOKEN", registers=False)
    assert links.page(template, uri, "TOKEN") == page


def test_tokens_are_letters_and_digits_with_all_the_chance_they_are_given() -> None:
    made = {tokens.make(bytes([number]) * tokens.RANDOM) for number in range(256)}
    assert len(made) == 256
    assert all(len(token) == 24 and token.isalnum() and token.isascii() for token in made)
    assert tokens.RANDOM * 8 >= 80


def test_the_name_of_a_token_does_not_tell_it() -> None:
    assert tokens.name("token") == tokens.name("token") != tokens.name("Token")
    assert len(tokens.name("\ud800")) == 64
