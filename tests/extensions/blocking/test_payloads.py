"""Block lists and reports on the wire."""

import pytest
from lxml import etree

from extensions.blocking.payloads import Report, build, parse_items
from server.element import Element
from server.errors import StanzaError
from server.jid import JID

ROMEO = JID.of("romeo@example.net")


def block(*items: str) -> Element:
    return etree.fromstring(f"<block xmlns='urn:xmpp:blocking'>{''.join(items)}</block>")


def item(report: str) -> str:
    return f"<item jid='romeo@example.net'>{report}</item>"


def test_items() -> None:
    found = parse_items(block("<item jid='Romeo@Example.NET'/>", "<item jid='b.example'/>"))
    assert found == {ROMEO: None, "b.example": None}
    assert parse_items(block()) == {}
    assert build("block", found) == (
        b"<block xmlns='urn:xmpp:blocking'><item jid='romeo@example.net'/>"
        b"<item jid='b.example'/></block>"
    )


@pytest.mark.parametrize("reason", ["spam", "abuse"])
def test_a_report_of_gajim_1_7(reason: str) -> None:
    report = f"<report xmlns='urn:xmpp:reporting:0'><{reason}/><text> Help! </text></report>"
    told = parse_items(block(item(report)))
    assert told == {ROMEO: Report(ROMEO, f"urn:xmpp:reporting:{reason}", "Help!")}
    nothing = parse_items(block(item("<report xmlns='urn:xmpp:reporting:0'/>")))
    assert nothing == {ROMEO: None}


def test_a_report() -> None:
    """The example of XEP-0377 §6, with the consent of §5."""
    found = parse_items(
        block(
            item(
                "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'>"
                "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.net' id='28482-98726-73623'/>"
                "<text xml:lang='en'>\n  Never came trouble to my house like this.\n</text>"
                "<report-origin/></report>"
            )
        )
    )
    assert found[ROMEO] == Report(
        ROMEO,
        "urn:xmpp:reporting:spam",
        "Never came trouble to my house like this.",
        (("romeo@example.net", "28482-98726-73623"),),
        report_origin=True,
    )


@pytest.mark.parametrize(
    ("wrong", "condition"),
    [
        ("<item/>", "jid-malformed"),
        ("<item jid='@'/>", "jid-malformed"),
        (f"<item jid='{'a' * 1023}@{'b.' * 300}c/{'d' * 1023}'/>", "not-acceptable"),
        (item("<report xmlns='urn:xmpp:reporting:1'/>"), "bad-request"),
        (item(f"<report xmlns='urn:xmpp:reporting:1' reason='{'x' * 300}'/>"), "bad-request"),
        (
            item(
                "<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'>"
                + "<stanza-id xmlns='urn:xmpp:sid:0' by='a' id='b'/>" * 51
                + "</report>"
            ),
            "policy-violation",
        ),
    ],
)
def test_refused(wrong: str, condition: str) -> None:
    with pytest.raises(StanzaError) as refused:
        parse_items(block(wrong))
    assert refused.value.condition == condition
