"""A resource that is bound together with the login (XEP-0386), and resumed (XEP-0198 §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.registry import ALL
from tests.harness.house import CORE, House
from tests.harness.sasl2 import (
    BIND2,
    BOUND,
    FEATURES,
    LAPTOP,
    PHONE,
    SUCCESS,
    failure,
    fast,
    identifier,
    log_in,
    plain,
    token_of,
    wish,
)
from tests.harness.talk import SM, ask, connect

if TYPE_CHECKING:
    from server.element import Element
    from tests.harness.house import Client

EVERYTHING = (*CORE, *ALL)
ENABLE = f"<enable xmlns='{SM}' resume='true'/>"


def bind(*inside: str, tag: str = "AwesomeXMPP") -> str:
    shown = f"<tag>{tag}</tag>" if tag else ""
    return f"<bind xmlns='{BIND2}'>{shown}{''.join(inside)}</bind>"


async def bound(
    house: House, name: str, request: str, agent: str | None = PHONE
) -> tuple[Client, Element]:
    """A client that has bound so, and the success that said it."""
    await house.add_user(name)
    client = await connect(house)
    await client.send(plain(name, request, agent=agent))
    success = await client.expect(BOUND)
    client.jid = client.session.jid
    assert identifier(success) == client.jid
    await client.expect(FEATURES)
    return client, success


async def test_what_can_be_negotiated_inline() -> None:
    """§3.1."""
    async with House(EVERYTHING) as house:
        features = await house.connect().open()
        found = [each.get("var") for each in features.iter(f"{{{BIND2}}}feature")]
        assert found == ["urn:xmpp:carbons:2", "urn:xmpp:csi:0", "urn:xmpp:sm:3"]


async def test_the_resource_is_the_tag_and_something_stable() -> None:
    """§3.2.1: "stable for every bind request with the same <tag/> and SASL2 <user-agent> id"."""
    async with House() as house:
        first, _ = await bound(house, "anna", bind())
        again, _ = await bound(house, "anna", bind())
        other, _ = await bound(house, "anna", bind(), LAPTOP)
        tagged, _ = await bound(house, "anna", bind(tag="Other"))
        assert first.jid.resource.startswith("AwesomeXMPP/")
        assert first.jid == again.jid
        assert len({first.jid, other.jid, tagged.jid}) == 3
        assert PHONE not in first.jid
        elsewhere, _ = await bound(house, "ben", bind())
        assert elsewhere.jid.resource != first.jid.resource


async def test_without_identifier_every_resource_is_new() -> None:
    async with House() as house:
        one, _ = await bound(house, "anna", bind(), None)
        two, _ = await bound(house, "anna", bind(tag=""), None)
        assert one.jid != two.jid
        assert not one.is_closed


async def test_a_tag_that_is_no_resource_is_left_out() -> None:
    """§3.2.1: "subject to the necessary validation"."""
    async with House() as house:
        client, _ = await bound(house, "anna", bind(tag="a&#x200b;b\u2028"))
        assert "/" not in client.jid.resource
        long, _ = await bound(house, "anna", bind(tag="x" * 2000))
        assert len(long.jid.resource) < 100


async def test_an_earlier_session_of_the_same_client_ends_without_an_error() -> None:
    """§3.2; `conflict` would tell a client that there are two of it."""
    async with House() as house:
        old, _ = await bound(house, "anna", bind())
        other, _ = await bound(house, "anna", bind(), LAPTOP)
        new, _ = await bound(house, "anna", bind(tag="Other"))
        await old.expect_nothing()
        assert old.is_closed
        assert not other.is_closed
        assert {s.jid for s in new.session.account.sessions.values()} == {other.jid, new.jid}


async def test_carbons_client_state_and_stream_management() -> None:
    """§3.2: "Enable any additional features requested by the client for this session"."""
    async with House(EVERYTHING) as house:
        client, success = await bound(
            house,
            "anna",
            bind(
                ENABLE, "<enable xmlns='urn:xmpp:carbons:2'/>", "<inactive xmlns='urn:xmpp:csi:0'/>"
            ),
        )
        enabled = success.find(f"{{{BIND2}}}bound/{{{SM}}}enabled")
        assert enabled is not None
        assert enabled.get("id")
        assert enabled.get("resume") == "true"
        session = client.session
        assert session.carbons
        assert not session.active
        await client.send("<message to='anna@example.org/x' type='error'/>")
        assert await ask(client) == 1


async def test_what_is_enabled_is_not_offered_again() -> None:
    """COMPAT: xmpp.js would enable it a second time, and take the refusal for the end of it."""
    async with House() as house:
        for inside, offered in (("", True), (ENABLE, False)):
            await house.add_user("anna")
            client = await connect(house)
            await client.send(plain("anna", bind(inside)))
            await client.expect(BOUND)
            features = await client.expect(FEATURES)
            assert (features.find(f"{{{SM}}}sm") is not None) is offered
            assert features.find("{urn:ietf:params:xml:ns:xmpp-bind}bind") is None


async def test_the_ends_of_the_archive_are_told() -> None:
    """§3.2: "The server SHOULD include a <metadata/> element as defined by XEP-0313"."""
    async with House(EVERYTHING) as house:
        _, success = await bound(house, "anna", bind())
        metadata = success.find(f"{{{BIND2}}}bound/{{urn:xmpp:mam:2}}metadata")
        assert metadata is not None
        assert len(metadata) == 0
        ben = await house.online("ben/b")
        await ben.send("<message to='anna@example.org' type='chat'><body>hi</body></message>")
        _, success = await bound(house, "anna", bind())
        metadata = success.find(f"{{{BIND2}}}bound/{{urn:xmpp:mam:2}}metadata")
        assert metadata is not None
        assert [end.tag for end in metadata] == ["{urn:xmpp:mam:2}start", "{urn:xmpp:mam:2}end"]


async def test_pending_messages_are_not_purged() -> None:
    """A DEVIATION from §3.2: they come with the first presence, until a device has them."""
    async with House(EVERYTHING) as house:
        await house.add_user("anna")
        ben = await house.online("ben/b")
        await ben.send("<message to='anna@example.org' type='chat'><body>one</body></message>")
        for _ in range(2):
            client, _ = await bound(house, "anna", bind(ENABLE))
            await client.send("<presence/>")
            found = [each for each in client.take_all() if each.tag == "{jabber:client}message"]
            assert [each.findtext("{jabber:client}body") for each in found] == ["one"]


async def test_too_many_devices_is_a_failure() -> None:
    async with House(config={"limits": {"max_resources_per_account": 1}}) as house:
        await bound(house, "anna", bind())
        client = await connect(house)
        await client.send(plain("anna", bind(), agent=LAPTOP))
        await client.expect(failure("temporary-auth-failure"))


# -- XEP-0198 §9 --


async def test_resumption_takes_the_place_of_binding() -> None:
    """§9.2: "the server MUST skip resource binding", and sends no features."""
    async with House(EVERYTHING) as house:
        client, success = await bound(house, "anna", bind(ENABLE))
        found = success.find(f"{{{BIND2}}}bound/{{{SM}}}enabled")
        assert found is not None
        name = found.get("id")
        await client.send("<presence/>")
        client.take_all()
        client.vanish()
        ben = await house.online("ben/b")
        await ben.send(f"<message to='{client.jid}' type='chat'><body>hi</body></message>")
        again = await connect(house)
        resume = f"<resume xmlns='{SM}' previd='{name}' h='1'/>"
        await again.send(plain("anna", resume, bind(ENABLE)))
        resumed = f"<resumed xmlns='{SM}' previd='{name}' h='1'/>"
        success = await again.expect(f"<success xmlns='urn:xmpp:sasl:2'>{resumed}</success>")
        assert success.find(f"{{{BIND2}}}bound") is None
        assert identifier(success) == client.jid
        await again.expect("<message type='chat'><body>hi</body></message>")
        assert again.session.jid == client.jid


async def test_when_resumption_fails_a_resource_is_bound() -> None:
    """§9.2.1: "the server MUST include the <failed/> element …, but also MUST" bind."""
    async with House() as house:
        client = await log_in(house, "anna", f"<resume xmlns='{SM}' previd='gone' h='1'/>")
        await client.expect(
            f"<success xmlns='urn:xmpp:sasl:2'><failed xmlns='{SM}'>"
            "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
            f"<bound xmlns='{BIND2}'/></success>"
        )
        await client.expect(FEATURES)


async def test_nobody_resumes_the_session_of_another() -> None:
    async with House() as house:
        client, success = await bound(house, "anna", bind(ENABLE))
        found = success.find(f"{{{BIND2}}}bound/{{{SM}}}enabled")
        assert found is not None
        thief = await log_in(
            house, "ben", f"<resume xmlns='{SM}' previd='{found.get('id')}' h='0'/>"
        )
        await thief.expect(f"<success xmlns='urn:xmpp:sasl:2'><failed xmlns='{SM}'/></success>")
        assert not client.is_closed
        assert thief.session.account.jid == "ben@example.org"


async def test_a_token_comes_with_a_resumed_session_too() -> None:
    async with House() as house:
        client, success = await bound(house, "anna", bind(ENABLE))
        found = success.find(f"{{{BIND2}}}bound/{{{SM}}}enabled")
        assert found is not None
        client.vanish()
        resume = f"<resume xmlns='{SM}' previd='{found.get('id')}' h='0'/>"
        again = await connect(house)
        await again.send(plain("anna", resume, wish()))
        success = await again.expect(
            f"<success xmlns='urn:xmpp:sasl:2'><resumed xmlns='{SM}'/></success>"
        )
        third = await fast(house, "anna", token_of(success))
        await third.expect(SUCCESS)
