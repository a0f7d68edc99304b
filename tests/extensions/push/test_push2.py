"""What clients wish by `urn:xmpp:push2:0`, and what is left of long messages."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from extensions.push.push2 import (
    IMPORTANT,
    LARGEST,
    NOTIFY_ONLY,
    NS,
    STEP,
    WEB_PUSH,
    envelope,
    notification,
    parse_enable,
)
from extensions.push.wants import Chat, Match, WebPush
from server.errors import Condition, StanzaError
from server.jid import JID
from server.stanza import Stanza
from tests.extensions.push.test_webpush import CURVE, PUBLIC, SECRET, pkcs8
from tests.harness.entropy import SeededEntropy
from tests.harness.patterns import parse

ANNA, BEN = JID.of("anna@example.org"), JID.of("ben@example.org/pc")
KEY = pkcs8(ec.derive_private_key(7, CURVE))
WAKE = f"<send xmlns='{NOTIFY_ONLY}'/>"


def web(public: bytes = PUBLIC, secret: bytes = SECRET, more: str = "") -> str:
    return (
        f"<send xmlns='{WEB_PUSH}'><ua-public>{b64encode(public).decode()}</ua-public>"
        f"<auth-secret>{b64encode(secret).decode()}</auth-secret>{more}</send>"
    )


def token(key: bytes = KEY, alg: str = "ES256", claims: int = 1) -> str:
    claim = "<jwt-claim name='aud'>https://p.example</jwt-claim>" * claims
    return f"<jwt-alg>{alg}</jwt-alg><jwt-key>{b64encode(key).decode()}</jwt-key>{claim}"


def wish(inside: str, profile: str = IMPORTANT) -> str:
    where = "<service>p.example</service><client>https://p.example/1</client>"
    return f"<enable xmlns='{NS}'>{where}<match profile='{profile}'>{inside}</match></enable>"


def match(inside: str) -> Match | None:
    return parse_enable(parse(wish(inside))).wants.match


@pytest.mark.parametrize(("inside", "expected"), [
    (WAKE, Match(IMPORTANT)),
    ("<grace>144</grace>" + WAKE, Match(IMPORTANT, 144.0)),
    ("<filter jid='r@m'><mention/></filter><filter jid='@'/><filter jid='s@m/x'/>" + WAKE,
     Match(IMPORTANT, chats=(Chat("r@m", True, False), Chat("s@m", False, False)))),
    (web(), Match(IMPORTANT, web=WebPush(PUBLIC, SECRET))),
    (web(more=token()),
     Match(IMPORTANT, web=WebPush(PUBLIC, SECRET, KEY, (("aud", "https://p.example"),)))),
])  # fmt: skip
def test_wishes(inside: str, expected: Match) -> None:
    assert match(inside) == expected


def test_both_alphabets_of_base64() -> None:
    text = urlsafe_b64encode(PUBLIC).decode().rstrip("=")
    inside = web().replace(b64encode(PUBLIC).decode(), text)
    assert match(inside) == Match(IMPORTANT, web=WebPush(PUBLIC, SECRET))


@pytest.mark.parametrize(("inside", "condition"), [
    (f"<enable xmlns='{NS}'/>", Condition.BAD_REQUEST),
    (f"<enable xmlns='{NS}'><client>c</client></enable>", Condition.BAD_REQUEST),
    (f"<enable xmlns='{NS}'><service>p.example</service></enable>", Condition.BAD_REQUEST),
    (f"<enable xmlns='{NS}'><service>p.example</service><client>c</client></enable>",
     Condition.FEATURE_NOT_IMPLEMENTED),
    (f"<enable xmlns='{NS}'><service>p.example</service><client>{'c' * 1501}</client></enable>",
     Condition.NOT_ACCEPTABLE),
    (wish(WAKE, "urn:example:dreams"), Condition.FEATURE_NOT_IMPLEMENTED),
    (wish("<send xmlns='urn:example:smoke'/>"), Condition.FEATURE_NOT_IMPLEMENTED),
    (wish("<grace>forever</grace>" + WAKE), Condition.NOT_ACCEPTABLE),
    (wish("<grace>nan</grace>" + WAKE), Condition.NOT_ACCEPTABLE),
    (wish("<grace>-1</grace>" + WAKE), Condition.NOT_ACCEPTABLE),
    (wish("<filter jid='a@b'/>" * 501 + WAKE), Condition.NOT_ACCEPTABLE),
    (wish(web(PUBLIC[:-1])), Condition.BAD_REQUEST),
    (wish(web(b"\4" + bytes(64))), Condition.BAD_REQUEST),
    (wish(web(PUBLIC * 100)), Condition.BAD_REQUEST),
    (wish(web(secret=SECRET[:-1])), Condition.BAD_REQUEST),
    (wish(web(more=token(KEY[:-1]))), Condition.BAD_REQUEST),
    (wish(web(more=token(alg="none"))), Condition.FEATURE_NOT_IMPLEMENTED),
    (wish(web(more=token(claims=9))), Condition.NOT_ACCEPTABLE),
])  # fmt: skip
def test_wishes_that_cannot_be_granted(inside: str, condition: Condition) -> None:
    with pytest.raises(StanzaError) as refusal:
        parse_enable(parse(inside))
    assert refusal.value.condition is condition


def test_secrets_are_not_shown() -> None:
    shown = repr(match(web(more=token())))
    assert repr(SECRET) not in shown
    assert repr(KEY) not in shown


@pytest.mark.parametrize(("mention", "reply", "is_mention", "is_reply", "expected"), [
    (False, False, True, True, False),
    (True, False, True, False, True),
    (True, False, False, True, False),
    (False, True, False, True, True),
])  # fmt: skip
def test_filters(
    mention: bool, reply: bool, is_mention: bool, is_reply: bool, expected: bool
) -> None:
    rule = Match(IMPORTANT, chats=(Chat("r@m", mention, reply),))
    assert rule.hears("r@m", is_mention=is_mention, is_reply=is_reply) is expected
    assert rule.hears("other@m", is_mention=False, is_reply=False)


@pytest.mark.parametrize(("inside", "kept"), [
    ("<body>hi</body>", "hi"),
    ("<body>%s %% &lt;</body>", "%s %% <"),
    ("<body>hi</body><x xmlns='urn:example'>" + "x" * 5000 + "</x>", "hi"),
    ("<body>" + "ä" * 5000 + "</body>", "ä" * 99 + "…"),
    ("<body>hi</body>" * 1000, "hi"),
    ("<body>hi</body><payload xmlns='urn:xmpp:openpgp:0'>" + "x" * 5000 + "</payload>", "hi"),
    ("<propose xmlns='urn:xmpp:jingle-message:0' id='" + "1" * 5000 + "'/>", None),
])  # fmt: skip
def test_envelopes(inside: str, kept: str | None) -> None:
    """Whatever it is, it fits, and the identifier in the archive is there."""
    element = parse(f"<message xmlns='jabber:client' type='chat' id='1'>{inside}</message>")
    plain = envelope(Stanza("message", element, ANNA, BEN), ANNA, 0xABC, SeededEntropy())
    assert len(plain) in (STEP, 2 * STEP, LARGEST)
    whole = parse(plain.decode())
    assert whole.tag == "{urn:xmpp:sce:1}envelope"
    message = whole.find("{urn:xmpp:sce:1}content/{urn:xmpp:forward:0}forwarded/*")
    assert message is not None
    assert message.tag == "{jabber:client}message"
    assert (message.get("from"), message.get("to")) == (BEN, ANNA)
    assert message.findtext("{jabber:client}body") == kept
    stamp = message.find("{urn:xmpp:sid:0}stanza-id")
    assert stamp is not None
    assert (stamp.get("id"), stamp.get("by")) == ("0000000000000abc", ANNA)


def test_what_cannot_be_made_to_fit() -> None:
    element = parse(f"<message xmlns='jabber:client' id='{'1' * 5000}'><body>hi</body></message>")
    assert envelope(Stanza("message", element, ANNA, BEN), ANNA, 1, SeededEntropy()) == b""


def test_a_client_with_markup() -> None:
    wire = notification("</client><priority>'\"&", is_call=False)
    assert parse(wire.decode()).findtext(f"{{{NS}}}client") == "</client><priority>'\"&"
