"""The rules of stanzas and of their ways (RFC 6120 §8, §10; RFC 6121 §8)."""

from __future__ import annotations

import pytest

from tests.harness.house import House
from tests.harness.talk import authenticate, bind, error, expect_refusal

QUERY = "<query xmlns='urn:example:unknown'/>"
VERSION = "<query xmlns='jabber:iq:version'/>"


# -- requests (RFC 6120 §8.2.3) --


@pytest.mark.parametrize(
    "request_",
    [
        # "1. The 'id' attribute is REQUIRED for IQ stanzas."
        f"<iq type='get'{{to}}>{QUERY}</iq>",
        f"<iq type='get' id=''{{to}}>{QUERY}</iq>",
        # "2. The 'type' attribute is REQUIRED", and one of four
        f"<iq id='1'{{to}}>{QUERY}</iq>",
        f"<iq id='1' type='give'{{to}}>{QUERY}</iq>",
        # "4. An IQ stanza of type 'get' or 'set' MUST contain exactly one child element"
        "<iq id='1' type='get'{to}/>",
        f"<iq id='1' type='set'{{to}}>{QUERY}{QUERY}</iq>",
    ],
)
@pytest.mark.parametrize(
    "to", ["", " to='example.org'", " to='ben@example.org'", " to='ben@example.org/b'"]
)
async def test_malformed_requests(request_: str, to: str) -> None:
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.login("ben/b")
        await anna.send(request_.format(to=to))
        await expect_refusal(anna, "bad-request", "iq")
        await ben.expect_nothing()
        assert anna.line.is_open


@pytest.mark.parametrize("type_", ["get", "set"])
@pytest.mark.parametrize(
    "to", ["", "example.org", "anna@example.org", "ben@example.org", "example.org/x"]
)
async def test_requests_that_nobody_understands(type_: str, to: str) -> None:
    """RFC 6120 §8.4: service-unavailable; §8.3.1: the answer has the id and comes from there."""
    async with House() as house:
        anna, ben = await house.online("anna/a"), await house.online("ben/b")
        address = f" to='{to}'" if to else ""
        await anna.send(f"<iq type='{type_}' id='&lt;1&gt;'{address}>{QUERY}</iq>")
        await anna.expect(
            f"<iq type='error' id='&lt;1&gt;' from='{to}' to='anna@example.org/a'>"
            f"{error('service-unavailable', 'cancel')}</iq>"
            if to
            else f"<iq type='error' id='&lt;1&gt;'>{error('service-unavailable', 'cancel')}</iq>"
        )
        await ben.expect_nothing()  # RFC 6121 §8.5.2.1.3: never handed to a device


@pytest.mark.parametrize("to", ["nobody@example.org", "nobody@example.org/x", "ben@example.org/x"])
async def test_requests_to_nobody(to: str) -> None:
    """RFC 6121 §8.5.1, §8.5.3.2.3: service-unavailable."""
    async with House() as house:
        anna, _ = await house.login("anna/a"), await house.login("ben/b")
        await anna.send(f"<iq type='get' id='1' to='{to}'>{VERSION}</iq>")
        await anna.expect(
            f"<iq type='error' id='1' from='{to}'>{error('service-unavailable')}</iq>"
        )


async def test_who_has_an_account_is_not_told() -> None:
    """RFC 6120 §13.11, RFC 6121 §8.5.1: the same answer whether there is an account or not."""
    async with House() as house:
        anna = await house.login("anna/a")
        await house.add_user("ben")
        said = []
        for name in ("ben", "nobody"):
            for stanza in (
                f"<iq type='get' id='1' to='{name}@example.org'>{QUERY}</iq>",
                f"<iq type='get' id='1' to='{name}@example.org'>{VERSION}</iq>",
                f"<iq type='get' id='1' to='{name}@example.org/x'>{VERSION}</iq>",
                f"<iq type='set' id='1' to='{name}@example.org'>"
                "<query xmlns='jabber:iq:roster'/></iq>",
                f"<presence to='{name}@example.org'/>",
                f"<presence type='probe' to='{name}@example.org'/>",
            ):
                before = len(anna.said)
                await anna.send(stanza)
                said.append(bytes(anna.said[before:]).replace(name.encode(), b"NAME"))
        assert said[:6] == said[6:]


async def test_a_request_between_devices() -> None:
    """RFC 6121 §8.5.3.1: delivered to the resource, and the answer goes back."""
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.login("ben/b")
        await anna.send(f"<iq type='get' id='1' to='ben@example.org/b'>{VERSION}</iq>")
        await ben.expect(f"<iq type='get' id='1' from='anna@example.org/a'>{VERSION}</iq>")
        await ben.send("<iq type='result' id='1' to='anna@example.org/a'/>")
        await anna.expect("<iq type='result' id='1' from='ben@example.org/b'/>")
        await ben.send(f"<iq type='error' id='1' to='anna@example.org/a'>{error('gone')}</iq>")
        await anna.expect(f"<iq type='error' id='1' from='ben@example.org/b'>{error('gone')}</iq>")


# -- answers --


@pytest.mark.parametrize("type_", ["result", "error"])
@pytest.mark.parametrize(
    "to",
    ["", "example.org", "anna@example.org", "ben@example.org", "ben@example.org/x",
     "nobody@example.org", "nobody@example.org/x", "elsewhere.example"],
)  # fmt: skip
async def test_answers_are_never_answered(type_: str, to: str) -> None:
    """RFC 6120 §8.2.3: "MUST NOT" answer a result; §8.3.1: nor an error."""
    async with House() as house:
        anna, _ = await house.login("anna/a"), await house.login("ben/b")
        address = f" to='{to}'" if to else ""
        await anna.send(f"<iq type='{type_}' id='1'{address}/>")
        await anna.send(f"<iq type='{type_}'{address}/>")
        await anna.expect_nothing()
        assert anna.line.is_open


@pytest.mark.parametrize("kind", ["message", "presence"])
@pytest.mark.parametrize("to", ["nobody@example.org", "ben@example.org/x", "elsewhere.example"])
async def test_errors_are_never_answered(kind: str, to: str) -> None:
    """RFC 6120 §8.3.1: "MUST NOT respond to a stanza of type 'error'"."""
    async with House() as house:
        anna, _ = await house.login("anna/a"), await house.login("ben/b")
        await anna.send(f"<{kind} type='error' to='{to}'>{error('gone')}</{kind}>")
        await anna.expect_nothing()


# -- ways --


@pytest.mark.parametrize("kind", ["message", "iq type='get' id='1'", "presence type='subscribe'"])
@pytest.mark.parametrize("to", ["elsewhere.example", "anna@elsewhere.example/x"])
async def test_other_servers_are_not_reached(kind: str, to: str) -> None:
    """RFC 6120 §10.4: remote-server-not-found, as long as no way leads there."""
    async with House() as house:
        anna = await house.online("anna/a")
        name = kind.partition(" ")[0]
        await anna.send(f"<{kind} to='{to}'>{QUERY}</{name}>")
        found = [e for e in anna.take_all() if e.get("type") == "error"]
        assert [e.get("from") for e in found] == [
            to if name != "presence" else to.partition("/")[0]
        ]
        assert found[0].find("{jabber:client}error")[0].tag.endswith("}remote-server-not-found")  # type: ignore[index]


async def test_rooms_of_other_servers_are_not_reached() -> None:
    """XEP-0045 §7.2: whoever enters a room waits for an answer; who comes online needs none."""
    async with House() as house:
        anna = await house.online("anna/a")
        await anna.send("<presence to='ben@elsewhere.example'/>")
        await anna.expect_nothing()
        await anna.send("<presence id='p' to='isle@rooms.elsewhere.example/anna'/>")
        error = await anna.expect(
            "<presence type='error' id='p' from='isle@rooms.elsewhere.example/anna'/>"
        )
        assert error[0][0].tag.endswith("}remote-server-not-found")
        await anna.send("<presence type='unavailable' to='isle@rooms.elsewhere.example/anna'/>")
        await anna.expect_nothing()


async def test_the_other_hosts_of_this_server() -> None:
    """RFC 6120 §10.4: another domain of the same server is reached without a detour."""
    async with House(domains=["example.org", "example.net"]) as house:
        anna = await house.online("anna@example.org/a")
        client = await authenticate(house, "ben", "example.net")
        await bind(client, "b")
        await anna.send("<message to='ben@example.net/b'><body>hi</body></message>")
        await client.expect("<message from='anna@example.org/a' to='ben@example.net/b'/>")
        await client.send("<message to='anna@example.org'><body>hi</body></message>")
        await anna.expect("<message from='ben@example.net/b' to='anna@example.org'/>")


@pytest.mark.parametrize("type_", ["normal", "chat", "groupchat"])
async def test_messages_to_the_server(type_: str) -> None:
    """RFC 6120 §10.5.1: the server itself takes no messages."""
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send(
            f"<message type='{type_}' id='m' to='example.org'><body>hi</body></message>"
        )
        await expect_refusal(anna, "service-unavailable")


async def test_prefixes_of_ones_own() -> None:
    """RFC 6120 §4.8.5: who declares other prefixes says the same."""
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        await anna.send(
            "<c:message xmlns:c='jabber:client' to='ben@example.org'><c:body>hi</c:body>"
            "</c:message>"
        )
        await ben.expect("<message from='anna@example.org/a'><body>hi</body></message>")
