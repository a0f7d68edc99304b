"""Logging in with SASL on a client stream (RFC 6120 §6)."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from server.c2s.authentication import ATTEMPTS, UNNAMED
from server.c2s.throttle import AT_A_TIME
from tests.harness.house import PASSWORD, House
from tests.harness.scram import ScramClient
from tests.harness.talk import (
    SASL,
    SUCCESS,
    auth,
    authenticate,
    connect,
    expect_end,
    failure,
    plain,
    response,
)

if TYPE_CHECKING:
    from tests.harness.house import Client

SCRAM = ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"]
NOT_AUTHORIZED = failure("not-authorized")


async def challenged(client: Client) -> bytes:
    """The data of the next challenge."""
    return b64decode((await client.expect(f"<challenge xmlns='{SASL}'/>")).text or "")


# -- success (§6.4.6) --


@pytest.mark.parametrize("mechanism", SCRAM)
async def test_scram(mechanism: str) -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        scram = ScramClient(mechanism, "anna", PASSWORD)
        await client.send(auth(mechanism, scram.first()))
        await client.send(response(scram.final(await challenged(client))))
        success = await client.expect(SUCCESS)
        assert scram.verify(b64decode(success.text or ""))
        await client.open()


async def test_scram_tells_what_was_offered() -> None:
    """XEP-0474 §6.1: "h=" holds a hash of the mechanisms, so that nobody can hide the best."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        scram = ScramClient("SCRAM-SHA-256", "anna", PASSWORD)
        await client.send(auth("SCRAM-SHA-256", scram.first()))
        scram.final(await challenged(client))
        assert scram.server_attributes["h"]


@pytest.mark.parametrize("name", ["anna", "ANNA", "anna@example.org"])
async def test_plain(name: str) -> None:
    """§6.3.7: the user name is the local part; COMPAT: some send the whole address."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain(name))
        success = await client.expect(SUCCESS)
        assert not success.text  # §6.4.6: no additional data, no text


async def test_without_an_initial_response() -> None:
    """§6.4.2: the response may come later; RFC 4422 §3: first an empty challenge."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(auth("PLAIN"))
        assert await challenged(client) == b""
        await client.send(response(b"\0anna\0secret"))
        await client.expect(SUCCESS)


@pytest.mark.parametrize("authzid", ["anna@example.org", "ANNA@example.org"])
async def test_oneself_as_authorization_identity(authzid: str) -> None:
    """§6.3.8: the authorization identity is the bare address."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna", authzid=authzid))
        await client.expect(SUCCESS)


async def test_after_success_the_stream_begins_anew() -> None:
    """§6.4.6: "the initiating entity … MUST send a new initial stream header", and gets features.

    §6.3.2: authentication is not offered again.
    """
    async with House() as house:
        client = await authenticate(house, "anna")
        assert b"mechanisms" not in client.said.rpartition(b"<stream:features>")[2]
        await client.send(plain("anna"))
        await expect_end(client, "unsupported-stanza-type")


async def test_nothing_but_a_header_may_follow_success() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna"))
        await client.expect(SUCCESS)
        await client.send("<presence/>")
        await expect_end(client, "bad-format")


async def test_what_is_said_before_success_counts_for_nothing() -> None:
    """§6.4.6: both sides begin anew; here the password is checked on a thread meanwhile."""
    async with House() as house:
        ben = await house.online("ben/b")
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna") + "<message to='ben@example.org'><body>hi</body></message>")
        await client.expect(SUCCESS)
        await client.expect_nothing()
        await client.open()
        await ben.expect_nothing()


# -- failure (§6.5) --


@pytest.mark.parametrize("mechanism", SCRAM)
@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD)])
async def test_wrong_scram(mechanism: str, name: str, password: str) -> None:
    """§6.5.10: "not-authorized"; a name that does not exist gets the same answers (§13.11)."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        scram = ScramClient(mechanism, name, password)
        await client.send(auth(mechanism, scram.first()))
        await client.send(response(scram.final(await challenged(client))))
        await client.expect(NOT_AUTHORIZED)


async def test_a_wrong_password_and_a_wrong_name_look_alike() -> None:
    """§13.11: "a malicious entity … could discover" accounts by different answers."""
    async with House() as house:
        await house.add_user("anna")
        answers = []
        for login in (plain("anna", "wrong"), plain("nobody"), plain("", "x"), plain("a b")):
            client = await connect(house)
            before = len(client.said)
            await client.send(login)
            answers.append(bytes(client.said[before:]))
        assert answers[0] == answers[1]
        assert b"not-authorized" in answers[0]
        assert answers[3].startswith(b"<failure")


async def test_the_salt_of_nobody_stays_the_same() -> None:
    """A salt that changes would tell that it is made up (RFC 5802 §9)."""
    async with House() as house:
        salts = []
        for _ in range(2):
            client = await connect(house)
            scram = ScramClient("SCRAM-SHA-256", "nobody", PASSWORD)
            await client.send(auth("SCRAM-SHA-256", scram.first()))
            scram.final(await challenged(client))
            salts.append((scram.server_attributes["s"], scram.server_attributes["i"]))
        assert salts[0] == salts[1]


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        # §6.5.7
        (auth("X-UNKNOWN"), "invalid-mechanism"),
        (auth(""), "invalid-mechanism"),
        (auth("scram-sha-1"), "invalid-mechanism"),
        (f"<auth xmlns='{SASL}'/>", "invalid-mechanism"),
        (auth("EXTERNAL", b""), "invalid-mechanism"),
        (auth("ANONYMOUS"), "invalid-mechanism"),
        # §6.5.5: "because the base64 encoding is incorrect"
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>%%%</auth>", "incorrect-encoding"),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGFubmEAc2VjcmV0=</auth>", "incorrect-encoding"),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGFu bmEA</auth>", "incorrect-encoding"),
        # §6.5.8
        (auth("PLAIN", b""), "malformed-request"),
        (auth("PLAIN", b"anna"), "malformed-request"),
        (auth("PLAIN", b"\0anna\0\xff\xfe"), "malformed-request"),
        (auth("PLAIN", b"\0\0secret"), "malformed-request"),
        (auth("SCRAM-SHA-1", b"nonsense"), "malformed-request"),
        (auth("SCRAM-SHA-1", b"n,,n=anna"), "malformed-request"),
        # §6.5.6
        (plain("anna", authzid="ben@example.org"), "invalid-authzid"),
        (plain("anna", authzid="anna@example.org/a"), "invalid-authzid"),
        # out of turn
        (response(b"\0anna\0secret"), "malformed-request"),
        # §6.5.1
        (f"<abort xmlns='{SASL}'/>", "aborted"),
    ],
)
async def test_refusals(said: str, condition: str) -> None:
    """§6.4.5: "the receiving entity MUST report the failure", and the client may try again."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(said)
        await client.expect(failure(condition))
        assert client.line.is_open
        await client.send(plain("anna"))
        await client.expect(SUCCESS)


async def test_channel_binding_without_a_channel() -> None:
    async with House() as house:
        client = await connect(house)
        scram = ScramClient("SCRAM-SHA-1-PLUS", "anna", PASSWORD, binding=("tls-exporter", b"x"))
        await client.send(auth("SCRAM-SHA-1-PLUS", scram.first()))
        found = await client.expect(f"<failure xmlns='{SASL}'/>")
        assert found[0].tag in (f"{{{SASL}}}invalid-mechanism", f"{{{SASL}}}encryption-required")


async def test_abort_in_the_middle() -> None:
    """§6.4.4: "the receiving entity MUST return a <failure/> element containing <aborted/>"."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        scram = ScramClient("SCRAM-SHA-1", "anna", PASSWORD)
        await client.send(auth("SCRAM-SHA-1", scram.first()))
        final = scram.final(await challenged(client))
        await client.send(f"<abort xmlns='{SASL}'/>")
        await client.expect(failure("aborted"))
        await client.send(response(final))
        await client.expect(failure("malformed-request"))


async def test_a_second_choice_replaces_the_first() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        scram = ScramClient("SCRAM-SHA-1", "anna", PASSWORD)
        await client.send(auth("SCRAM-SHA-1", scram.first()))
        await challenged(client)
        await client.send(plain("anna"))
        await client.expect(SUCCESS)


async def test_a_proof_cannot_be_used_twice() -> None:
    """RFC 5802 §9: the nonce of the server is new each time."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        scram = ScramClient("SCRAM-SHA-1", "anna", PASSWORD)
        await client.send(auth("SCRAM-SHA-1", scram.first()))
        final = scram.final(await challenged(client))
        other = await connect(house)
        await other.send(auth("SCRAM-SHA-1", scram.first()))
        await challenged(other)
        await other.send(response(final))
        await other.expect(NOT_AUTHORIZED)


async def test_too_many_attempts() -> None:
    """§6.4.5: retries are "at least 2 and no more than 5"; §6.5: then the stream is closed."""
    assert 3 <= ATTEMPTS <= 6
    async with House() as house:
        client = await connect(house)
        for _ in range(ATTEMPTS):
            await client.send(plain("anna", "wrong"))
            await client.expect(NOT_AUTHORIZED)
        await expect_end(client, "policy-violation")


async def test_attempts_that_name_nobody_have_an_end_too() -> None:
    async with House() as house:
        client = await connect(house)
        for _ in range(ATTEMPTS * UNNAMED):
            await client.send(auth("SCRAM-SHA-1", b"nonsense"))
            await client.expect(failure("malformed-request"))
        await expect_end(client, "policy-violation")


async def test_guessing_on_from_new_connections() -> None:
    """§6.5.11 temporary-auth-failure, after too many failures from one place (§13.9.4)."""
    async with House(config={"auth": {"failures": 3, "failures_window": "5m"}}) as house:
        await house.add_user("anna")
        for _ in range(3):
            client = await connect(house)
            await client.send(plain("anna", "wrong"))
            await client.expect(NOT_AUTHORIZED)
        client = await connect(house)
        await client.send(plain("anna"))
        await client.expect(failure("temporary-auth-failure"))
        figures = house.server.figures
        assert (figures.refused.value, figures.blocked.value) == (3, 1)
        elsewhere = await connect(house)
        elsewhere.line.peer = "198.51.100.7"
        await elsewhere.send(plain("anna"))
        await elsewhere.expect(SUCCESS)
        house.clock.advance(301)
        client = await connect(house)
        await client.send(plain("anna"))
        await client.expect(SUCCESS)


async def test_guessing_with_many_connections_at_once() -> None:
    """What has begun before the first failure is known does not count less."""
    async with House(config={"auth": {"failures": 3}}) as house:
        await house.add_user("anna")
        clients = [await connect(house) for _ in range(12)]
        for client in clients:
            client.take_all()
            client.say(plain("anna", "wrong"))
        await house.settle()
        answers = [(await client.next())[0].tag.partition("}")[2] for client in clients]
        assert answers.count("not-authorized") <= 3 + AT_A_TIME
        assert set(answers) == {"not-authorized", "temporary-auth-failure"}


async def test_a_guesser_next_door() -> None:
    """The neighbours of a guesser, at the same address, are not locked out with him."""
    async with House(config={"auth": {"failures": 2}}) as house:
        await house.add_user("anna")
        await house.add_user("ben")
        with capture_logs() as logs:
            for _ in range(2):
                client = await connect(house)
                await client.send(plain("anna", "wrong"))
        assert [each["seconds"] for each in logs if each["event"] == "login.blocked"] == [300]
        client = await connect(house)
        await client.send(plain("ben"))
        await client.expect(SUCCESS)


async def test_nobody_logs_in_to_another_domain() -> None:
    async with House(domains=["example.org", "example.net"]) as house:
        await house.add_user("anna@example.net")
        client = await connect(house)
        await client.send(plain("anna@example.net"))
        await client.expect(NOT_AUTHORIZED)
        await client.send(plain("anna"))
        await client.expect(NOT_AUTHORIZED)


async def test_plain_is_not_offered_when_the_operator_says_so() -> None:
    async with House(config={"auth": {"allow_plain": False}}) as house:
        await house.add_user("anna")
        client = await connect(house)
        assert b">PLAIN<" not in client.said
        await client.send(plain("anna"))
        await client.expect(failure("invalid-mechanism"))
