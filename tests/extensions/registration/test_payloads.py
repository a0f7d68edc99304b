"""XEP-0077 §3: what is said and what is understood."""

import pytest
from lxml import etree

from extensions.registration import payloads
from server.errors import StanzaError

NS = "jabber:iq:register"


def query(content: str) -> etree._Element:
    return etree.fromstring(f"<query xmlns='{NS}'>{content}</query>")


def test_a_wish() -> None:
    wish = payloads.Wish.parse(query("<username> bill </username><password> x </password>"))
    assert (wish.username, wish.password) == ("bill", " x ")


@pytest.mark.parametrize(
    "content", ["", "<username>a</username>", "<password>a</password>",
                "<username>a</username><password/>"],
)  # fmt: skip
def test_half_a_wish_is_refused(content: str) -> None:
    with pytest.raises(StanzaError):
        payloads.Wish.parse(query(content))


def test_removal() -> None:
    assert payloads.is_removal(query("<remove/>"))
    assert not payloads.is_removal(query("<username>a</username>"))
    with pytest.raises(StanzaError):
        payloads.is_removal(query("<remove/><username>a</username>"))


def test_what_is_on_file() -> None:
    (username,) = etree.fromstring(payloads.registered("a<b")).iter(f"{{{NS}}}username")
    assert username.text == "a<b"
