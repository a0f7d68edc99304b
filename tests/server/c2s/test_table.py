"""What is legal when: no room takes what is another's, and nothing is legal at the wrong time."""

from __future__ import annotations

import pytest

from server.c2s import authentication, binding, encryption, registration, resumption, sasl2
from server.c2s.phase import Phase
from server.c2s.table import TABLE
from tests.harness.house import House
from tests.harness.talk import authenticate, connect

ROOMS = (authentication, binding, encryption, registration, resumption, sasl2)
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"


def test_every_entry_has_one_owner() -> None:
    assert len(TABLE) == sum(len(room.TABLE) for room in ROOMS)


@pytest.mark.parametrize("phase", [Phase.OPENING, Phase.REOPENING, Phase.CLOSED])
def test_nothing_is_legal_before_a_header_or_after_the_end(phase: Phase) -> None:
    assert not [tag for where, tag in TABLE if where is phase]


@pytest.mark.parametrize("tag", ["auth", "response", "abort"])
def test_logging_in_happens_once(tag: str) -> None:
    """RFC 6120 §6.3.2."""
    assert {phase for phase, name in TABLE if name == SASL + tag} == {Phase.UNAUTHENTICATED}


@pytest.mark.parametrize("phase", [Phase.UNAUTHENTICATED, Phase.AUTHENTICATED])
@pytest.mark.parametrize("kind", ["message", "presence"])
def test_stanzas_have_to_wait_for_a_resource(phase: Phase, kind: str) -> None:
    """RFC 6120 §7.1."""
    assert (phase, f"{{jabber:client}}{kind}") not in TABLE


#: What a client may say at any time; here, everything at every time.
WORDS = [
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'/>",
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<authenticate xmlns='urn:xmpp:sasl:2'/>",
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>"
    "<initial-response>AAAA</initial-response></authenticate>",
    "<next xmlns='urn:xmpp:sasl:2'/>",
    "<response xmlns='urn:xmpp:sasl:2'>=</response>",
    "<abort xmlns='urn:xmpp:sasl:2'/>",
    "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<iq type='result' id='1'/>",
    "<iq/>",
    "<message/>",
    "<presence/>",
    "<enable xmlns='urn:xmpp:sm:3'/>",
    "<resume xmlns='urn:xmpp:sm:3'/>",
    "<r xmlns='urn:xmpp:sm:3'/>",
    "<a xmlns='urn:xmpp:sm:3' h='0'/>",
    "<active xmlns='urn:xmpp:csi:0'/>",
    "<compress xmlns='http://jabber.org/protocol/compress'/>",
    "<stream:features/>",
    "<stream:error/>",
    "<error/>",
    "<nonsense xmlns='urn:example:a'/>",
]


@pytest.mark.parametrize("stage", ["new", "authenticated", "bound"])
async def test_no_word_is_a_bug(stage: str) -> None:
    """Whatever is said when: an answer, silence or an end, and never internal-server-error."""
    async with House() as house:
        for word in WORDS:
            if word.startswith("<starttls") and stage == "new":
                continue  # needs a certificate
            if stage == "new":
                client = await connect(house)
            elif stage == "authenticated":
                client = await authenticate(house, "anna")
            else:
                client = await house.login("anna/a")
            before = len(client.said)
            await client.send(word)
            await client.send(word)
            said = bytes(client.said[before:])
            assert b"internal-server-error" not in said, word
            if not client.line.is_open:
                assert said.endswith(b"</stream:stream>"), word
            client.vanish()
        assert not house.server.newcomers
