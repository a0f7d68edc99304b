"""XEP-0445: strangers with a token make accounts; others learn nothing."""

import pytest

from server.jid import JID
from tests.extensions.invitations.scene import (
    DOMAIN,
    DONE,
    REGISTER,
    condition,
    invitations,
    issue,
    open_house,
    preauth,
    register,
    show,
    stranger,
)


async def test_the_conversation_of_the_example() -> None:
    """XEP-0445 §3 and §4."""
    async with open_house() as house:
        token = await issue(house)
        client = house.connect()
        features = await client.open()
        assert features.find("{urn:xmpp:ibr-token:0}register") is not None
        assert features.find("{http://jabber.org/features/iq-register}register") is not None
        await client.send(preauth(token))
        await client.expect(f"<iq type='result' from='{DOMAIN}' id='pa1'/>")
        await client.send(REGISTER.format("juliet"))
        await client.expect(DONE)
        await house.connect().authenticate(JID.of(f"juliet@{DOMAIN}"), "Calliope")


FILLED = (
    "<iq type='set' id='reg'><query xmlns='jabber:iq:register'>"
    "<x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE'><value>jabber:iq:register</value></field>"
    "<field var='{{urn:xmpp:pars:0}}preauth'><value>{}</value></field>"
    "<field var='username'><value>{}</value></field>"
    "<field var='password'><value>Calliope</value></field></x></query></iq>"
)


async def test_a_client_that_knows_no_invitations_fills_in_a_form() -> None:
    """COMPAT: Gajim 1.7, Dino 0.4, Psi+ and others show forms, but no tokens."""
    async with open_house() as house:
        token = await issue(house, username="juliet")
        client = await stranger(house)
        await client.send("<iq type='get' id='g'><query xmlns='jabber:iq:register'/></iq>")
        asked = await client.next()
        assert asked.find(".//{jabber:x:data}x") is not None
        await client.send(FILLED.format("nonsense", "juliet"))
        assert condition(await client.next()) == "item-not-found"
        await client.send(FILLED.format(token, "romeo"))
        assert condition(await client.next()) == "not-acceptable"
        await client.send(FILLED.format(f"xmpp:{DOMAIN}?register;preauth={token}", "juliet"))
        await client.expect(DONE)
        await house.connect().authenticate(JID.of(f"juliet@{DOMAIN}"), "Calliope")
        other = await stranger(house)
        await other.send(FILLED.format(token, "tybalt"))
        assert condition(await other.next()) == "item-not-found"


async def test_a_rejected_token() -> None:
    async with open_house() as house:
        client = await stranger(house)
        await client.send(preauth("TOKEN"))
        await client.expect(
            f"<iq type='error' from='{DOMAIN}' id='pa1'><error type='cancel'>"
            "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>"
            "The provided token is invalid or expired</text></error></iq>"
        )
        assert await register(client, "juliet") == "not-allowed"


async def test_without_a_token_nothing_is_told_of_names() -> None:
    async with open_house() as house:
        await house.add_user("juliet")
        await issue(house, username="rosaline")
        client = await stranger(house)
        for name in ("juliet", "rosaline", "nobody"):
            assert await register(client, name) == "not-allowed"


async def test_what_is_wrong_with_a_token_is_not_told() -> None:
    patient = {"auth": {"failures": 100}}
    async with open_house(patient) as house:
        used, expired, revoked = [await issue(house) for _ in range(3)]
        contact_only = await issue(house, registers=False, contact=True)
        client = await stranger(house)
        await invitations(house).book.revoke(revoked)
        assert await show(client, used) == ""
        assert await register(client, "juliet") == ""
        said = []
        for token in (used, revoked, contact_only, "", "x" * 1000, used.upper()):
            client = await stranger(house)
            await client.send(preauth(token))
            said.append(bytes(client.said[-300:]).partition(b"<iq")[2])
        house.clock.advance(8 * 86400)
        client = await stranger(house)
        await client.send(preauth(expired))
        said.append(bytes(client.said[-300:]).partition(b"<iq")[2])
        assert len(set(said)) == 1
        assert b"item-not-found" in said[0]


async def test_guessing_is_slowed_down_as_guessing_passwords_is() -> None:
    async with open_house({"auth": {"failures": 3, "failures_window": "60s"}}) as house:
        token = await issue(house)
        client = await stranger(house)
        for guess in ("a", "b", "c"):
            assert await show(client, guess) == "item-not-found"
        assert await show(await stranger(house), token) == "resource-constraint"
        house.clock.advance(61)
        assert await show(await stranger(house), token) == ""


async def test_one_use_is_one_account_also_for_two_at_once() -> None:
    async with open_house() as house:
        token = await issue(house)
        one, other = await stranger(house), await stranger(house)
        assert await show(one, token) == await show(other, token) == ""
        one.say(REGISTER.format("juliet"))
        other.say(REGISTER.format("nurse"))
        await house.settle()
        said = bytes(one.said + other.said)
        assert said.count(b"<iq type='result' id='reg'") == 1
        assert said.count(b"<item-not-found") == 1


async def test_a_failed_attempt_uses_nothing() -> None:
    """§4: "MUST NOT be considered used until the actual registration has succeeded"."""
    async with open_house() as house:
        await house.add_user("juliet")
        client = await stranger(house)
        assert await show(client, await issue(house)) == ""
        assert await register(client, "juliet") == "conflict"
        assert await register(client, "a@b") == "not-acceptable"
        assert await register(client, "nurse") == ""
        assert await register(client, "peter") == "not-allowed"


async def test_what_was_shown_in_time_is_good_for_that_stream() -> None:
    """§4: "MUST NOT be rejected due to token expiry"."""
    async with open_house({"limits": {"unauthenticated_timeout": "1h"}}) as house:
        token = await issue(house)
        client = await stranger(house)
        house.clock.advance(7 * 86400 - 10)
        client = await stranger(house)
        assert await show(client, token) == ""
        house.clock.advance(20)
        assert await show(await stranger(house), token) == "item-not-found"
        assert await register(client, "juliet") == ""


async def test_several_uses() -> None:
    async with open_house() as house:
        token = await issue(house, uses=2)
        for name, result in (("juliet", ""), ("nurse", "")):
            client = await stranger(house)
            assert await show(client, token) == ""
            assert await register(client, name) == result
        assert await show(await stranger(house), token) == "item-not-found"


async def test_a_reserved_name_is_for_whom_it_is_reserved() -> None:
    """§5."""
    async with open_house({"registration": {"enabled": True, "pause": "0"}}) as house:
        token, other = await issue(house, username="Juliet"), await issue(house)
        client = await stranger(house)
        assert await register(client, "juliet") == "conflict"
        assert await show(client, other) == ""
        assert await register(client, "juliet") == "conflict"
        assert await show(client, token) == ""
        await client.send("<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>")
        assert b"<username>juliet</username>" in bytes(client.said)
        client.take_all()
        assert await register(client, "rosaline") == "not-acceptable"
        assert await register(client, "juliet") == ""
        assert await register(client, "rosaline") == ""


async def test_a_name_is_free_when_its_invitation_has_expired() -> None:
    async with open_house({"registration": {"enabled": True, "pause": "0"}}) as house:
        await issue(house, username="juliet")
        house.clock.advance(8 * 86400)
        assert await register(await stranger(house), "juliet") == ""


async def test_an_invitation_is_to_one_domain() -> None:
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        token = await issue(house)
        client = house.connect()
        await client.open("example.net")
        assert await show(client, token) == "item-not-found"


async def test_a_closed_server() -> None:
    async with open_house({"invitations": {"accounts": "nobody"}}) as house:
        client = house.connect()
        features = await client.open()
        assert features.find("{urn:xmpp:ibr-token:0}register") is None
        assert features.find("{http://jabber.org/features/iq-register}register") is None
        await client.send(preauth("TOKEN"))
        assert b"not-authorized" in bytes(client.said)


@pytest.mark.parametrize("attributes", ["", "token=''", "code='x'"])
async def test_no_token_at_all(attributes: str) -> None:
    async with open_house() as house:
        client = await stranger(house)
        for type_, refusal in (("set", "item-not-found"), ("get", "bad-request")):
            payload = f"<preauth xmlns='urn:xmpp:pars:0' {attributes}/>"
            await client.send(f"<iq type='{type_}' id='pa1'>{payload}</iq>")
            assert condition(await client.next()) == refusal


@pytest.mark.parametrize("registration", [True, False])
async def test_nobody_makes_himself_an_administrator(registration: bool) -> None:
    """Who is named in `server.admins` may not have an account yet, or none any more."""
    sections: dict[str, dict[str, object]] = {
        "registration": {"enabled": registration}, "invitations": {"accounts": "users"},
    }  # fmt: skip
    async with open_house(sections) as house:
        inviter = await house.add_user("tybalt")
        found = await house.server.hosts[DOMAIN].accounts.load(inviter)
        assert found is not None
        for name in ("", "romeo"):
            client = await stranger(house)
            token = await issue(house, username=name, inviter_id=found.id, inviter=inviter)
            assert await show(client, token) == ""
            assert await register(client, "romeo") == "conflict"
            await invitations(house).book.revoke(token)
        client = await stranger(house)
        assert await register(client, "romeo") == ("conflict" if registration else "not-allowed")
        assert await show(client, await issue(house, username="romeo")) == ""
        assert await register(client, "romeo") == ""
