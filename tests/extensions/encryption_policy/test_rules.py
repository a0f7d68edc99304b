"""Which messages anybody on the way could read."""

import pytest
from lxml import etree

from extensions.encryption_policy.rules import concerned, is_between_people, is_readable
from server.jid import JID
from server.stanza import Stanza

ROMEO, JULIET = JID.of("romeo@montague.lit/orchard"), JID.of("juliet@capulet.lit")
BODY = "<body>I sent you an encrypted message</body>"


@pytest.mark.parametrize(
    ("type_", "content", "readable"),
    [
        ("chat", BODY, True),
        ("groupchat", BODY, True),
        ("normal", BODY + "<x xmlns='jabber:x:oob'/>", True),
        ("chat", BODY + "<encryption xmlns='urn:xmpp:eme:0'/>", True),
        ("chat", "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/>" + BODY, False),
        ("chat", BODY + "<openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>", False),
        ("chat", BODY + "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", False),
        ("chat", BODY + "<encrypted xmlns='urn:xmpp:omemo:1'/>", False),
        ("chat", BODY + "<encrypted xmlns='urn:xmpp:omemo:2'/>", False),
        ("chat", BODY + "<x xmlns='jabber:x:encrypted'>x</x>", False),
        ("error", BODY, False),
        ("headline", BODY, False),
        ("groupchat", "<subject>Revels</subject>", False),
        ("chat", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", False),
        ("chat", "<received xmlns='urn:xmpp:receipts' id='x'/>", False),
        ("chat", "", False),
    ],
)
def test_readable(type_: str, content: str, readable: bool) -> None:
    element = etree.fromstring(f"<message xmlns='jabber:client' type='{type_}'>{content}</message>")
    assert is_readable(Stanza("message", element, JULIET, ROMEO)) is readable


def test_whose_domain_asks_for_it() -> None:
    assert concerned({"capulet.lit"}, ROMEO, JULIET) == JULIET
    assert concerned({"montague.lit"}, ROMEO, JULIET) == ROMEO
    assert concerned({"verona.lit"}, ROMEO, JULIET) is None


def test_servers_decrypt_nothing() -> None:
    assert is_between_people(ROMEO, JULIET)
    assert not is_between_people(ROMEO, JID.of("capulet.lit"))
    assert not is_between_people(JID.of("pubsub.capulet.lit"), ROMEO)
