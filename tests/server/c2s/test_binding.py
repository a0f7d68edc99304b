"""Binding a resource (RFC 6120 §7)."""

from __future__ import annotations

import pytest

from server.jid import JID
from server.orders import Orders
from tests.harness.house import House
from tests.harness.talk import authenticate, bind, expect_end, expect_refusal

BIND = "urn:ietf:params:xml:ns:xmpp-bind"


async def test_a_resource_of_the_clients_choice() -> None:
    """§7.7.1: the server takes what the client wishes, and says so (§7.7.2)."""
    async with House() as house:
        client = await authenticate(house, "anna")
        answer = await bind(client, "balcony")
        assert answer.get("type") == "result"
        assert answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid") == "anna@example.org/balcony"


async def test_a_resource_of_the_servers_making() -> None:
    """§7.6: "the server MUST generate" one; §7.6.1: hard to guess."""
    async with House() as house:
        found = set()
        for _ in range(3):
            client = await authenticate(house, "anna")
            answer = await bind(client, "")
            jid = JID.parse(answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid") or "")
            assert jid.bare == "anna@example.org"
            assert len(jid.resource) >= 8
            found.add(jid.resource)
        assert len(found) == 3


async def test_an_empty_wish_is_no_wish() -> None:
    async with House() as house:
        client = await authenticate(house, "anna")
        await client.send(f"<iq type='set' id='bind'><bind xmlns='{BIND}'><resource/></bind></iq>")
        answer = await client.expect("<iq type='result' id='bind'/>")
        assert JID.parse(answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid") or "").resource


async def test_a_resource_is_prepared() -> None:
    """RFC 7622 §3.4: the OpaqueString profile; here with composed letters (rule 4)."""
    async with House() as house:
        client = await authenticate(house, "anna")
        answer = await bind(client, "cafe\u0301")
        assert answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid") == "anna@example.org/café"


@pytest.mark.parametrize("resource", ["a" * 1024, "a\u200b"])
async def test_a_bad_resource(resource: str) -> None:
    """§7.7.2.1: "the provided resourcepart cannot be processed": bad-request; then again."""
    async with House() as house:
        client = await authenticate(house, "anna")
        answer = await bind(client, resource)
        assert answer.get("type") == "error"
        assert answer.find("{jabber:client}error")[0].tag.endswith("}bad-request")  # type: ignore[index]
        assert (await bind(client, "good")).get("type") == "result"


async def test_a_conflict_ends_the_older_session() -> None:
    """§7.7.2.2: "terminate the … stream of the currently connected client" is our choice."""
    async with House() as house:
        old, ben = await house.online("anna/a"), await house.online("ben/b")
        new = await authenticate(house, "anna")
        assert (await bind(new, "a")).get("type") == "result"
        await expect_end(old, "conflict")
        await ben.send("<message to='anna@example.org/a'><body>hi</body></message>")
        await new.expect("<message from='ben@example.org/b'/>")
        account = house.server.hosts["example.org"].accounts.online(JID.of("anna@example.org"))
        assert account is not None
        assert list(account.sessions) == ["a"]
        assert house.server.sessions.count == 2


async def test_two_devices_are_no_conflict() -> None:
    async with House() as house:
        one, two = await house.login("anna/1"), await house.login("anna/2")
        assert one.line.is_open
        assert two.line.is_open


async def test_too_many_resources() -> None:
    """§7.6.2.1 resource-constraint; a device that comes back takes its own place all the same."""
    async with House(config={"limits": {"max_resources_per_account": 2}}) as house:
        await house.login("anna/1")
        await house.login("anna/2")
        third = await authenticate(house, "anna")
        answer = await bind(third, "3")
        assert answer.get("type") == "error"
        assert answer.find("{jabber:client}error").get("type") == "wait"  # type: ignore[union-attr]
        assert (await bind(third, "2")).get("type") == "result"


@pytest.mark.parametrize(
    "said",
    [
        "<message to='ben@example.org'><body>hi</body></message>",
        "<presence/>",
        "<iq type='get' id='a'><query xmlns='jabber:iq:roster'/></iq>",
        f"<iq type='get' id='a'><bind xmlns='{BIND}'/></iq>",
        "<iq type='set' id='a'/>",
        f"<iq type='set' id='a'><bind xmlns='{BIND}'/><bind xmlns='{BIND}'/></iq>",
    ],
)
async def test_nothing_else_comes_before(said: str) -> None:
    """§7.1: "the server MUST NOT process" stanzas before binding; §4.9.3.12 not-authorized."""
    async with House() as house:
        client = await authenticate(house, "anna")
        await client.send(said)
        await expect_end(client, "not-authorized")


async def test_binding_again() -> None:
    """§7.1: "a client MUST NOT attempt to bind more than one resource" on one stream."""
    async with House() as house:
        client = await house.login("anna/a")
        await client.send(f"<iq type='set' id='b'><bind xmlns='{BIND}'/></iq>")
        await expect_refusal(client, "service-unavailable", "iq")
        assert client.line.is_open
        assert client.stream.session is not None
        assert client.stream.session.jid == "anna@example.org/a"


async def test_an_account_that_is_deleted_meanwhile() -> None:
    async with House() as house:
        client = await authenticate(house, "anna")
        await Orders(house.server).accounts().delete("anna@example.org")
        await client.send(f"<iq type='set' id='b'><bind xmlns='{BIND}'/></iq>")
        await expect_end(client, "not-authorized")
