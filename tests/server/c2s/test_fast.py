"""Logging in with tokens, and everything that must not work (XEP-0484)."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from server.jid import JID
from server.net.certificates import CertificateStore, ensure_certificate
from server.sasl.keys import HASHES, derive_credentials
from server.storage import accounts
from tests.harness.house import DOMAIN, PATIENCE, House
from tests.harness.loop import settle
from tests.harness.sasl2 import (
    BIND,
    FAST,
    FEATURES,
    LAPTOP,
    PHONE,
    SASL2,
    SUCCESS,
    additional,
    confirmed,
    failure,
    fast,
    identifier,
    log_in,
    plain,
    request,
    scram,
    token_of,
    wish,
    with_token,
)
from tests.harness.scram import ScramClient
from tests.harness.talk import connect
from tests.harness.wire import WireClient

if TYPE_CHECKING:
    from server.account import Account
    from tests.harness.house import Client

DAY = 86400.0
START = f"<fast xmlns='{FAST}'/>"
WITH = f"<fast xmlns='{FAST}' count='{{}}'/>"


async def first_token(house: House, name: str = "anna", agent: str = PHONE) -> str:
    client = await log_in(house, name, wish(), agent=agent)
    return token_of(await client.expect(SUCCESS))


async def passes(client: Client) -> str:
    """The login must succeed; gives the new token, or nothing."""
    success = await client.expect(SUCCESS)
    await client.expect(FEATURES)
    found = success.find(f"{{{FAST}}}token")
    return "" if found is None else found.get("token", "")


async def is_refused(client: Client, condition: str = "not-authorized") -> None:
    await client.expect(failure(condition))


async def test_a_token_is_asked_for_and_used() -> None:
    """§3.2 to §3.4."""
    async with House() as house:
        client = await log_in(house, "anna", wish())
        success = await client.expect(SUCCESS)
        given = success.find(f"{{{FAST}}}token")
        assert given is not None
        assert given.get("expiry") == "2023-12-05T22:13:20.000Z"
        token = token_of(success)
        again = await fast(house, "anna", token)
        success = await again.expect(SUCCESS)
        assert additional(success) == confirmed(token)
        assert identifier(success) == again.session.jid
        assert success.find(f"{{{FAST}}}token") is None


async def test_nobody_gets_a_token_without_being_asked_or_known() -> None:
    """§3.3: only who "has been successfully and fully authenticated"; §4.1: the id is needed."""
    async with House() as house:
        for client in (
            await log_in(house, "anna"),
            await log_in(house, "anna", wish(), agent=None),
            await log_in(house, "anna", wish("HT-SHA-256-UNIQ")),
            await log_in(house, "anna", wish("HT-SHA-256-EXPR")),
        ):
            assert await passes(client) == ""


async def test_a_token_is_of_one_account_one_client_and_one_secret() -> None:
    async with House(domains=("example.org", "example.com")) as house:
        token = await first_token(house)
        await first_token(house, "ben", PHONE)
        await first_token(house, "anna", LAPTOP)
        await house.add_user("anna@example.com")
        await is_refused(await fast(house, "ben", token))
        await is_refused(await fast(house, "anna", token, agent=LAPTOP))
        await is_refused(await fast(house, "anna", token, agent="unheard-of"))
        await is_refused(await fast(house, "nobody", token))
        await is_refused(await fast(house, "anna", token + "x"))
        await is_refused(await fast(house, "anna", ""))
        await is_refused(await fast(house, "anna@example.com", token))
        elsewhere = house.connect()
        await elsewhere.open("example.com")
        await elsewhere.send(with_token("anna", token, BIND))
        await is_refused(elsewhere)
        await house.restart()
        await passes(await fast(house, "anna", token))


async def test_strangers_load_no_account() -> None:
    async with House() as house:
        await first_token(house)
        await house.restart()
        await is_refused(await fast(house, "anna", "guess"))
        assert house.server.hosts[DOMAIN].accounts.known(JID.of("anna@example.org")) is None


async def test_a_password_that_changes_while_a_token_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The account is read after the tokens: what was revoked in between does not pass."""
    async with House() as house:
        token = await first_token(house)
        await house.restart()
        host = house.server.hosts[DOMAIN]
        load = host.accounts.load

        async def after_a_change(jid: JID) -> Account | None:
            keys = derive_credentials("new", dict.fromkeys(HASHES, b"salt"), 4096)
            await accounts.set_credentials(house.database, jid, keys.values())
            return await load(jid)

        monkeypatch.setattr(host.accounts, "load", after_a_change)
        await is_refused(await fast(house, "anna", token))


async def test_what_is_stored_is_no_token() -> None:
    async with House() as house:
        token = await first_token(house)
        rows = await house.database.fetch("SELECT * FROM token")
        assert token not in str(rows)
        assert token.encode() not in rows[0]


@pytest.mark.parametrize(
    "sent",
    [
        request("HT-SHA-256-NONE", b"anna", START),
        request("HT-SHA-256-NONE", b"anna\0short", START),
        request("HT-SHA-256-NONE", b"\xff\0" + bytes(32), START),
        request("HT-SHA-256-NONE", None, START),
        request("HT-SHA-256-NONE", b"anna\0" + bytes(32), START, agent=None),
        request("HT-SHA-256-NONE", b"anna\0" + bytes(32), WITH.format("-1")),
        request("HT-SHA-256-NONE", b"anna\0" + bytes(32), WITH.format("x")),
        request("HT-SHA-256-NONE", b"anna\0" + bytes(32), WITH.format("99999999999")),
    ],
)  # fmt: skip
async def test_malformed(sent: str) -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(sent)
        await is_refused(client, "malformed-request")


async def test_only_what_is_offered_and_only_with_fast() -> None:
    async with House() as house:
        token = await first_token(house)
        client = await connect(house)
        await client.send(with_token("anna", token, mechanism="HT-SHA-256-EXPR"))
        await is_refused(client, "invalid-mechanism")
        await client.send(with_token("anna", token, mechanism="SCRAM-SHA-1"))
        await is_refused(client, "invalid-mechanism")
        await client.send(request("HT-SHA-256-NONE", b"anna\0" + bytes(32)))
        await is_refused(client, "invalid-mechanism")


# -- rotation (§3.5, §5.1) --


async def test_after_a_day_there_is_a_new_token() -> None:
    async with House() as house:
        token = await first_token(house)
        assert await passes(await fast(house, "anna", token)) == ""
        house.clock.advance(DAY)
        second = await passes(await fast(house, "anna", token))
        assert second
        # "it MUST NOT invalidate the existing token until the new token is actually used"
        third = await passes(await fast(house, "anna", token))
        # "the server SHOULD invalidate any tokens previously generated that have not been used"
        await is_refused(await fast(house, "anna", second))
        assert await passes(await fast(house, "anna", third)) == ""
        # "Upon successful use of any token, the server MUST invalidate all" that expire earlier
        await is_refused(await fast(house, "anna", token))
        assert await passes(await fast(house, "anna", third)) == ""


async def test_tokens_expire() -> None:
    """§4.2: "it MUST instead fail the authentication" with credentials-expired."""
    async with House() as house:
        token = await first_token(house)
        house.clock.advance(21 * DAY - 1)
        await passes(await fast(house, "anna", token))
        house.clock.advance(1)
        await is_refused(await fast(house, "anna", token), "credentials-expired")


async def test_a_client_invalidates_its_token() -> None:
    """§3.6: at once, and "MUST NOT include a new token" unless one is asked for."""
    async with House() as house:
        token = await first_token(house)
        house.clock.advance(DAY)
        client = await fast(house, "anna", token, attributes=" invalidate='true'")
        assert await passes(client) == ""
        await is_refused(await fast(house, "anna", token))
        token = await first_token(house)
        client = await fast(house, "anna", token, wish(), attributes=" invalidate='1'")
        second = await passes(client)
        await is_refused(await fast(house, "anna", token))
        await passes(await fast(house, "anna", second))


async def test_a_count_is_good_once() -> None:
    """§3.4: rejected "where the count is less than or equal to a count that has already been"."""
    async with House() as house:
        token = await first_token(house)
        await passes(await fast(house, "anna", token, attributes=" count='0'"))
        await passes(await fast(house, "anna", token, attributes=" count='7'"))
        for count in ("7", "6", "0"):
            await is_refused(await fast(house, "anna", token, attributes=f" count='{count}'"))
        await house.restart()
        await is_refused(await fast(house, "anna", token, attributes=" count='7'"))
        await passes(await fast(house, "anna", token, attributes=" count='8'"))


async def test_two_with_the_same_count_at_once() -> None:
    async with House() as house:
        token = await first_token(house)
        one, two = await connect(house), await connect(house)
        for client in (one, two):
            client.say(with_token("anna", token, attributes=" count='5'"))
        await house.settle()
        answers = sorted([str((await one.next()).tag), str((await two.next()).tag)])
        assert [tag.partition("}")[2] for tag in answers] == ["failure", "success"]


# -- revoked --


async def test_a_new_password_makes_all_tokens_worthless() -> None:
    async with House() as house:
        token = await first_token(house)
        keys = derive_credentials("new", dict.fromkeys(HASHES, b"salt"), 4096)
        jid = await house.add_user("anna")
        await accounts.set_credentials(house.database, jid, keys.values())
        await is_refused(await fast(house, "anna", token))


async def test_a_deleted_account_has_no_tokens() -> None:
    async with House() as house:
        token = await first_token(house)
        jid = await house.add_user("anna")
        await accounts.delete_account(house.database, jid)
        await house.restart()
        await house.add_user("anna")
        await is_refused(await fast(house, "anna", token))
        for table in ("token", "client", "client_use"):
            assert not await house.database.fetch(f"SELECT * FROM {table}")


async def test_a_wrong_token_is_no_guess() -> None:
    """It is too long for that; and a crowd behind one address may have lost all of its tokens."""
    async with House(config={"auth": {"failures": 2}}) as house:
        await house.add_user("anna")
        for _ in range(3):
            await is_refused(await fast(house, "anna", "wrong"))
        assert not house.server.throttle.is_blocked("192.0.2.1", "anna@example.org")
        await passes(await log_in(house, "anna", wish()))


async def test_switched_off() -> None:
    async with House(config={"clients": {"tokens": False}}) as house:
        features = await house.connect().open()
        assert not list(features.iter(f"{{{FAST}}}fast"))
        assert await passes(await log_in(house, "anna", wish())) == ""


async def test_the_clients_of_an_account_are_bounded() -> None:
    """Of more, those not seen for longest are forgotten, and their tokens with them."""
    async with House(config={"clients": {"most": 3}}) as house:
        tokens = {}
        for agent in "abcd":
            house.clock.advance(1)
            tokens[agent] = await first_token(house, agent=agent)
        assert len(await house.database.fetch("SELECT * FROM client")) == 3
        await is_refused(await fast(house, "anna", tokens["a"], agent="a"))
        await passes(await fast(house, "anna", tokens["b"], agent="b"))


# -- when the disk is full --


async def test_a_full_disk_keeps_nobody_out() -> None:
    """A token that cannot be kept is not given; who has one comes in with it."""
    async with House() as house:
        token = await first_token(house)
        client = await connect(house)
        house.database.is_full = True
        client.say(with_token("anna", token, BIND, wish()))
        async with asyncio.timeout(PATIENCE):
            while not client.inbox:
                await settle()
        house.database.is_full = False
        success = client.inbox.popleft()
        assert success.tag == f"{{{SASL2}}}success"
        assert success.find(f"{{{FAST}}}token") is None


# -- bound to the channel, through real TLS --


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CertificateStore:
    folder = tmp_path_factory.mktemp("certificates")
    return CertificateStore({DOMAIN: ensure_certificate(folder, DOMAIN, [], 1.7e9)})


async def encrypted(house: House) -> WireClient:
    client = WireClient(house)
    await client.open()
    await client.start_tls()
    return client


def channel(client: WireClient, mechanism: str) -> bytes:
    """The client's side of the channel binding that a mechanism needs."""
    assert client.tls is not None
    if mechanism.endswith("EXPR"):
        return client.tls.tls_exporter()
    if mechanism.endswith("ENDP"):
        certificate = client.tls.peer_chain[0].public_bytes(Encoding.DER)
        return hashlib.sha256(certificate).digest()
    return b""


async def test_each_mechanism_on_its_channel(store: CertificateStore) -> None:
    """§3.4: a token is good for "the mechanism selected by the client" only, and on its channel."""
    everything = ["HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE"]
    config = {"tls": {"require": True}}
    async with House(config=config, certificates=store) as house:
        await house.add_user("anna")
        for mechanism in everything:
            client = await encrypted(house)
            features = await client.open()
            offered = features.find(f".//{{{FAST}}}fast")
            assert offered is not None
            assert [each.text for each in offered] == everything
            await client.send(plain("anna", wish(mechanism)))
            token = token_of(await client.expect(SUCCESS))
            for other in everything:
                again = await encrypted(house)
                await again.open()
                binding = channel(again, other)
                await again.send(with_token("anna", token, BIND, mechanism=other, binding=binding))
                if other == mechanism:
                    success = await again.expect(SUCCESS)
                    assert additional(success) == confirmed(token, binding)
                else:
                    await is_refused(again)


async def test_the_proof_of_another_connection_is_worth_nothing(store: CertificateStore) -> None:
    """Who has seen a login with -EXPR cannot repeat it."""
    async with House(config={"tls": {"require": True}}, certificates=store) as house:
        await house.add_user("anna")
        client = await encrypted(house)
        await client.open()
        await client.send(plain("anna", wish("HT-SHA-256-EXPR")))
        token = token_of(await client.expect(SUCCESS))
        other = await encrypted(house)
        await other.open()
        mechanism = "HT-SHA-256-EXPR"
        seen = with_token("anna", token, mechanism=mechanism, binding=channel(client, mechanism))
        await other.send(seen)
        await is_refused(other)


async def test_scram_with_its_protections(store: CertificateStore) -> None:
    """XEP-0474 §6.1 for the mechanisms of this profile, XEP-0515 §4.1."""
    async with House(config={"tls": {"require": True}}, certificates=store) as house:
        await house.add_user("anna")
        client = await encrypted(house)
        features = await client.open()
        assert client.tls is not None
        exchange = ScramClient(
            "SCRAM-SHA-256-PLUS", "anna", "secret",
            binding=("tls-exporter", client.tls.tls_exporter()),
        )  # fmt: skip
        success = await scram(client, exchange, BIND)
        assert exchange.verify(additional(success))
        assert exchange.server_attributes["t"] == f"{client.tls.version:04x}"
        names = [each.text or "" for each in features.iterfind(f"{{{SASL2}}}authentication/*")]
        listed = sorted(name for name in names if name.startswith(("SCRAM", "PLAIN")))
        text = "\x1e".join(listed) + "\x1f" + "tls-exporter\x1etls-server-end-point"
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert exchange.server_attributes["h"] == digest
