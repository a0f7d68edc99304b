"""Who is covered, and what becomes of a stanza (XEP-0191 §3.3, §6)."""

import pytest
from lxml import etree

from extensions.blocking.rules import answer_inbound, covers, refuse_outbound
from server.errors import StanzaError
from server.extension import Verdict
from server.jid import JID
from server.stanza import Stanza

ROMEO = JID.of("romeo@montague.net/orchard")
JULIET = JID.of("juliet@capulet.com")


@pytest.mark.parametrize(
    ("item", "covered"),
    [
        ("romeo@montague.net/orchard", {"romeo@montague.net/orchard"}),
        ("romeo@montague.net", {"romeo@montague.net/orchard", "romeo@montague.net"}),
        ("montague.net/orchard", {"montague.net/orchard"}),
        (
            "montague.net",
            {"romeo@montague.net/orchard", "romeo@montague.net", "montague.net/orchard",
             "montague.net"},
        ),
    ],
)  # fmt: skip
def test_forms_of_addresses(item: str, covered: set[str]) -> None:
    asked = (
        "romeo@montague.net/orchard", "romeo@montague.net/hall", "romeo@montague.net",
        "montague.net/orchard", "montague.net", "sub.montague.net", "romeo@sub.montague.net",
    )  # fmt: skip
    found = {jid for jid in asked if covers({JID.of(item)}, JID.of(jid))}
    assert found == covered | ({"romeo@montague.net/hall"} if "/" not in item else set())


@pytest.mark.parametrize(
    ("kind", "type_", "expected"),
    [
        ("message", "chat", "service-unavailable"),
        ("message", None, "service-unavailable"),
        ("message", "groupchat", ""),
        ("message", "headline", ""),
        ("message", "error", ""),
        ("presence", None, ""),
        ("presence", "subscribe", ""),
        ("presence", "probe", ""),
        ("iq", "get", "service-unavailable"),
        ("iq", "set", "service-unavailable"),
        ("iq", "result", ""),
        ("iq", "error", ""),
    ],
)
def test_inbound(kind: str, type_: str | None, expected: str) -> None:
    attribute = f" type='{type_}'" if type_ else ""
    element = etree.fromstring(f"<{kind} xmlns='jabber:client'{attribute}/>")
    answer = answer_inbound(Stanza(kind, element, JULIET, ROMEO))
    if expected:
        assert isinstance(answer, StanzaError)
        assert answer.condition == expected
    else:
        assert answer is Verdict.DROP


def test_outbound() -> None:
    wire = refuse_outbound().build()
    assert b"<error type='cancel'><not-acceptable " in wire
    assert b"<blocked xmlns='urn:xmpp:blocking:errors'/>" in wire
