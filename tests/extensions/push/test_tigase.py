"""What clients add to their wish, and what is refused of it (xeps.tigase.net)."""

from __future__ import annotations

from base64 import b64encode

import pytest

from extensions.push import tigase
from extensions.push.wants import Room, Seal, Wants
from server.errors import Condition, StanzaError
from tests.harness.patterns import parse

KEY = bytes(range(16))
IN_BASE64 = b64encode(KEY).decode()
OWNER = "anna@example.org"


def wish(inside: str) -> Wants:
    return tigase.parse(
        parse(f"<enable xmlns='urn:xmpp:push:0' jid='a' node='n'>{inside}</enable>")
    )


def encrypt(key: str = IN_BASE64, more: str = "", alg: str = "aes-128-gcm") -> str:
    return f"<encrypt xmlns='tigase:push:encrypt:0' alg='{alg}' {more}>{key}</encrypt>"


@pytest.mark.parametrize(("inside", "expected"), [
    ("", Wants()),
    ("<priority xmlns='tigase:push:priority:0'/>", Wants(priority=True)),
    ("<jingle xmlns='tigase:push:jingle:0'/>", Wants(jingle=True)),
    ("<jingle xmlns='urn:xmpp:jingle:1'/>", Wants()),
    ("<ignore-unknown xmlns='tigase:push:filter:ignore-unknown:0'/>", Wants(known_only=True)),
    ("<muted xmlns='tigase:push:filter:muted:0'><item jid='a@b/c'/><item jid='@'/><item/></muted>",
     Wants(muted=("a@b",))),
    ("<groupchat xmlns='tigase:push:filter:groupchat:0'/>", Wants(rooms=())),
    ("<groupchat xmlns='tigase:push:filter:groupchat:0'><room jid='r@m' allow='always'/>"
     "<room jid='s@m' allow='mentioned' nick='Anna'/></groupchat>",
     Wants(rooms=(Room("r@m", "always"), Room("s@m", "mentioned", "Anna")))),
    (encrypt(), Wants(seal=Seal(KEY))),
    (encrypt(f"\n  {IN_BASE64}\n", "max-size='2048'"), Wants(seal=Seal(KEY, 2048))),
])  # fmt: skip
def test_wishes(inside: str, expected: Wants) -> None:
    assert wish(inside) == expected


@pytest.mark.parametrize(("inside", "condition"), [
    (encrypt(alg="aes-256-gcm"), Condition.FEATURE_NOT_IMPLEMENTED),
    ("<encrypt xmlns='tigase:push:encrypt:0'/>", Condition.FEATURE_NOT_IMPLEMENTED),
    (encrypt(""), Condition.BAD_REQUEST),
    (encrypt("AAAA"), Condition.BAD_REQUEST),
    (encrypt(IN_BASE64 * 1000), Condition.BAD_REQUEST),
    (encrypt("ä" * 22 + "=="), Condition.BAD_REQUEST),
    (encrypt("*" + IN_BASE64), Condition.BAD_REQUEST),
    (encrypt(more="max-size='511'"), Condition.NOT_ACCEPTABLE),
    (encrypt(more="max-size='-1'"), Condition.BAD_REQUEST),
    (encrypt(more="max-size='1e9'"), Condition.BAD_REQUEST),
    (encrypt(more="max-size='99999999999999999999'"), Condition.BAD_REQUEST),
    ("<groupchat xmlns='tigase:push:filter:groupchat:0'><room jid='r@m'/></groupchat>",
     Condition.BAD_REQUEST),
    ("<muted xmlns='tigase:push:filter:muted:0'>" + "<item/>" * 501 + "</muted>",
     Condition.NOT_ACCEPTABLE),
])  # fmt: skip
def test_wishes_that_cannot_be_granted(inside: str, condition: Condition) -> None:
    with pytest.raises(StanzaError) as refusal:
        wish(inside)
    assert refusal.value.condition is condition


def test_a_key_is_not_shown() -> None:
    assert "key" not in repr(wish(encrypt()))


@pytest.mark.parametrize(("room", "named", "expected"), [
    ("always@m", (), True),
    ("never@m", (), False),
    ("other@m", (), False),
    ("named@m", (), False),
    ("named@m", ("named@m/Ben",), False),
    ("named@m", ("always@m/Anna",), False),
    ("named@m", ("named@m/Anna",), True),
    ("named@m", (OWNER,), True),
])  # fmt: skip
def test_messages_of_rooms(room: str, named: tuple[str, ...], expected: bool) -> None:
    rules = (
        Room("always@m", "always"), Room("never@m", "never"), Room("named@m", "mentioned", "Anna")
    )  # fmt: skip
    assert Wants(rooms=rules).hears(room, OWNER, frozenset(named)) is expected
    assert Wants().hears(room, OWNER, frozenset(named))
