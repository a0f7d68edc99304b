"""STARTTLS and what TLS changes (RFC 6120 §5, RFC 7590), through real TLS."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from server.net.certificates import CertificateStore, ensure_certificate
from tests.harness.house import DOMAIN, PASSWORD, House
from tests.harness.scram import ScramClient
from tests.harness.talk import (
    SASL,
    SUCCESS,
    auth,
    bind,
    connect,
    expect_end,
    failure,
    header,
    plain,
    response,
)
from tests.harness.wire import PROCEED, STARTTLS, WireClient

if TYPE_CHECKING:
    from pathlib import Path

REQUIRED = {"tls": {"require": True}}
OFFERED = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CertificateStore:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return CertificateStore(
        {name: ensure_certificate(folder, name, [], 1.7e9) for name in (DOMAIN, "example.net")}
    )


async def encrypted(house: House) -> WireClient:
    """A client inside TLS that has opened its stream."""
    client = WireClient(house)
    await client.open()
    await client.start_tls()
    await client.open()
    return client


# -- what is offered (§5.3.1) --


async def test_nothing_but_tls_is_offered_where_it_is_required() -> None:
    """§5.3.1: with <required/>, TLS is "mandatory-to-negotiate", and no SASL is offered."""
    async with House(config=REQUIRED) as house:
        client = house.connect()
        features = await client.open()
        tags = [child.tag.partition("}")[2] for child in features]
        assert tags[0] == "starttls"
        assert features[0][0].tag.endswith("}required")
        assert "mechanisms" not in tags


async def test_tls_is_offered_first_where_it_is_not_required() -> None:
    async with House() as house:
        features = await house.connect().open()
        assert [child.tag.partition("}")[2] for child in features][:2] == ["starttls", "mechanisms"]
        assert not len(features[0])


@pytest.mark.parametrize("said", [plain("anna"), auth("SCRAM-SHA-1", b"n,,n=anna,r=abc")])
async def test_no_login_without_tls_where_it_is_required(said: str) -> None:
    """§6.5.4 encryption-required."""
    async with House(config=REQUIRED) as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(said)
        await client.expect(failure("encryption-required"))


# -- negotiation (§5.4) --


async def test_the_whole_way(store: CertificateStore) -> None:
    """§5.4.3.3: a new header, new features, without starttls; then all goes on inside TLS."""
    async with House(certificates=store, config=REQUIRED) as house:
        await house.add_user("anna")
        client = WireClient(house)
        await client.open()
        first = client.header
        await client.start_tls()
        features = await client.open()
        assert first is not None
        assert client.header is not None
        assert client.header.get("id") != first.get("id")
        tags = [child.tag.partition("}")[2] for child in features]
        assert "starttls" not in tags
        assert "mechanisms" in tags
        await client.send(plain("anna"))
        await client.expect(SUCCESS)
        await client.open()
        assert (await bind(client, "a")).get("type") == "result"


async def test_the_domain_may_change_with_the_restart(store: CertificateStore) -> None:
    """§5.4.3.3: what was learnt in plain text counts for nothing."""
    async with House(certificates=store, domains=[DOMAIN, "example.net"]) as house:
        client = WireClient(house)
        await client.open()
        await client.start_tls()
        await client.send(header("example.net"))
        assert client.header is not None
        assert client.header.get("from") == "example.net"


async def test_words_put_in_behind_starttls(store: CertificateStore) -> None:
    """§5.4.3.3, §5.3.2: what an attacker adds in plain text must never count as said in TLS."""
    async with House(certificates=store) as house:
        await house.add_user("anna")
        client = WireClient(house)
        await client.open()
        await client.send(STARTTLS + header() + plain("anna"))
        if client.is_connected:
            await client.expect(PROCEED)
            await client.handshake()
            await client.expect_nothing()
            await client.open()
            await client.expect_nothing()
        assert b"<success" not in client.said


@pytest.mark.parametrize("cut", [1, 20, 60])
async def test_half_an_element_behind_starttls(store: CertificateStore, cut: int) -> None:
    async with House(certificates=store) as house:
        await house.add_user("anna")
        client = WireClient(house)
        await client.open()
        await client.send(STARTTLS + plain("anna")[:cut])
        await client.expect(PROCEED)
        await client.handshake()
        await client.open()
        await client.send(plain("anna"))
        await client.expect(SUCCESS)


async def test_an_attempt_does_not_go_on_inside_tls(store: CertificateStore) -> None:
    async with House(certificates=store) as house:
        await house.add_user("anna")
        client = WireClient(house)
        await client.open()
        scram = ScramClient("SCRAM-SHA-256", "anna", PASSWORD)
        await client.send(auth("SCRAM-SHA-256", scram.first()))
        challenge = await client.expect(f"<challenge xmlns='{SASL}'/>")
        await client.start_tls()
        await client.open()
        await client.send(response(scram.final(b64decode(challenge.text or ""))))
        await client.expect(failure("malformed-request"))


async def test_tls_within_tls(store: CertificateStore) -> None:
    """§5.4.2.2: <failure/>, and the stream is closed."""
    async with House(certificates=store) as house:
        client = await encrypted(house)
        await client.send(STARTTLS)
        await client.expect("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        assert client.is_closed
        assert not client.is_connected


async def test_tls_after_login(store: CertificateStore) -> None:
    """§5.3.3: STARTTLS comes before SASL or not at all."""
    async with House(certificates=store) as house:
        await house.add_user("anna")
        client = WireClient(house)
        await client.open()
        await client.send(plain("anna"))
        await client.expect(SUCCESS)
        await client.open()
        await client.send(STARTTLS)
        await expect_end(client, "unsupported-stanza-type")


async def test_what_is_no_tls(store: CertificateStore) -> None:
    """§5.4.3.2: if the handshake fails, the connection is closed, without a word in plain text."""
    async with House(certificates=store) as house:
        client = WireClient(house)
        await client.open()
        await client.send(STARTTLS)
        await client.expect(PROCEED)
        before = len(client.said)
        client._arrived = lambda data: None  # type: ignore[method-assign]
        client.transport._heard = lambda data: None
        client.say_raw(b"this is no handshake")
        await house.settle()
        assert not client.is_connected
        assert len(client.said) == before


async def test_direct_tls(store: CertificateStore) -> None:
    """XEP-0368: the same stream, and no STARTTLS in it."""
    async with House(certificates=store, config=REQUIRED) as house:
        await house.add_user("anna")
        client = WireClient(house, direct=store.context_for(DOMAIN))
        await house.settle()
        features = await client.open()
        assert "starttls" not in [child.tag.partition("}")[2] for child in features]
        await client.send(plain("anna"))
        await client.expect(SUCCESS)


async def test_goodbye_inside_tls(store: CertificateStore) -> None:
    """§4.4: the closing tag, then the close of TLS, then that of TCP."""
    async with House(certificates=store) as house:
        client = await encrypted(house)
        await client.send("</stream:stream>")
        assert client.is_closed
        assert client.tls is not None
        assert client.tls.closed
        assert not client.is_connected


# -- channel binding (XEP-0440, RFC 5802 §6) --


async def test_bindings_are_advertised(store: CertificateStore) -> None:
    """XEP-0440 §3: "Servers MUST implement" tls-server-end-point; RFC 9266: tls-exporter."""
    async with House(certificates=store) as house:
        client = WireClient(house)
        assert b"sasl-channel-binding" not in client.said
        await client.open()
        assert b"-PLUS" not in client.said
        await client.start_tls()
        features = await client.open()
        feature = features.find("{urn:xmpp:sasl-cb:0}sasl-channel-binding")
        assert feature is not None
        assert [each.get("type") for each in feature] == ["tls-exporter", "tls-server-end-point"]
        names = [each.text for each in features.iter(f"{{{SASL}}}mechanism")]
        assert names[0] == "SCRAM-SHA-512-PLUS"
        assert names[-1] == "PLAIN"


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"])
@pytest.mark.parametrize("kind", ["tls-exporter", "tls-server-end-point"])
@pytest.mark.parametrize("is_honest", [True, False])
async def test_bound_logins(
    store: CertificateStore, mechanism: str, kind: str, is_honest: bool
) -> None:
    """RFC 5802 §6: data of another channel means that somebody is in between."""
    async with House(certificates=store) as house:
        await house.add_user("anna")
        client = await encrypted(house)
        assert client.tls is not None
        data = client.tls.tls_exporter()
        if kind == "tls-server-end-point":
            data = hashlib.sha256(client.tls.peer_chain[0].public_bytes(Encoding.DER)).digest()
        if not is_honest:
            data = bytes(len(data))
        scram = ScramClient(mechanism, "anna", PASSWORD, binding=(kind, data))
        await client.send(auth(mechanism, scram.first()))
        challenge = await client.expect(f"<challenge xmlns='{SASL}'/>")
        await client.send(response(scram.final(b64decode(challenge.text or ""))))
        await client.expect(SUCCESS if is_honest else failure("not-authorized"))


async def test_somebody_hid_the_bindings(store: CertificateStore) -> None:
    """RFC 5802 §6: "y" means: I can bind, and I thought that you could not."""
    async with House(certificates=store) as house:
        await house.add_user("anna")
        client = await encrypted(house)
        scram = ScramClient("SCRAM-SHA-256", "anna", PASSWORD, flag="y")
        await client.send(auth("SCRAM-SHA-256", scram.first()))
        await client.expect(failure("not-authorized"))


async def test_a_client_that_misunderstands_bindings_gets_to_plain(store: CertificateStore) -> None:
    """COMPAT: slixmpp 1.8 first goes through six mechanisms that it cannot complete."""
    async with House(certificates=store) as house:
        await house.add_user("anna")
        client = await encrypted(house)
        names = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"]
        for name in names:
            await client.send(auth(f"{name}-PLUS", b"p=tls-unique,,n=anna,r=abc"))
            await client.expect(failure("not-authorized"))
        for name in names:
            await client.send(auth(name, b"y,,n=anna,r=abc"))
            await client.expect(failure("not-authorized"))
        await client.send(plain("anna"))
        await client.expect(SUCCESS)
