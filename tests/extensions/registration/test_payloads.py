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


@pytest.mark.parametrize(
    "written", ["45cj", " 45cj ", "xmpp:example.org?register;preauth=45cj",
                "xmpp:a@example.org?roster;preauth=45cj;ibr=y"],
)  # fmt: skip
def test_a_wish_in_a_form(written: str) -> None:
    """The code of an invitation may be pasted with the link around it."""
    filled = "".join(
        f"<field var='{var}'><value>{value}</value></field>"
        for var, value in (
            ("FORM_TYPE", NS), ("username", "bill"), ("password", "x"),
            (payloads.INVITATION, written),
        )
    )  # fmt: skip
    wish = payloads.Wish.parse(query(f"<x xmlns='jabber:x:data' type='submit'>{filled}</x>"))
    assert wish == payloads.Wish("bill", "x", "45cj")


def test_a_form_for_who_is_invited() -> None:
    """§4: "fields that correspond to all of the iq:register fields"; §5: and instructions."""
    form = etree.fromstring(payloads.form_for_invited())
    assert [etree.QName(each).localname for each in form] == ["instructions", "x"]
    names = [each.get("var") for each in form.iter("{jabber:x:data}field")]
    assert names == ["FORM_TYPE", payloads.INVITATION, "username", "password"]


def test_removal() -> None:
    assert payloads.is_removal(query("<remove/>"))
    assert not payloads.is_removal(query("<username>a</username>"))
    with pytest.raises(StanzaError):
        payloads.is_removal(query("<remove/><username>a</username>"))


def test_what_is_on_file() -> None:
    (username,) = etree.fromstring(payloads.registered("a<b")).iter(f"{{{NS}}}username")
    assert username.text == "a<b"
