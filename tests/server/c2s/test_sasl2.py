"""Logging in by the extensible profile (XEP-0388)."""

from __future__ import annotations

from tests.harness.house import House
from tests.harness.sasl2 import (
    BIND,
    FEATURES,
    SASL2,
    SUCCESS,
    additional,
    encode,
    failure,
    identifier,
    plain,
    request,
    scram,
)
from tests.harness.scram import ScramClient
from tests.harness.talk import connect, expect_end, header


async def test_the_feature_has_the_mechanisms_and_what_goes_inline() -> None:
    """§2.1; XEP-0198 §9.2, XEP-0386 §3.1, XEP-0484 §3.1, XEP-0480 §2.1."""
    async with House() as house:
        features = await house.connect().open()
        offered = features.find(f"{{{SASL2}}}authentication")
        assert offered is not None
        names = [each.text for each in offered.findall(f"{{{SASL2}}}mechanism")]
        assert names == ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]
        inline = offered.find(f"{{{SASL2}}}inline")
        assert inline is not None
        assert [child.tag for child in inline] == [
            "{urn:xmpp:sm:3}sm",
            "{urn:xmpp:bind:0}bind",
            "{urn:xmpp:fast:0}fast",
        ]
        assert [each.text for each in inline[2]] == ["HT-SHA-256-NONE"]
        upgrades = offered.findall("{urn:xmpp:sasl:upgrade:0}upgrade")
        assert [each.text for each in upgrades] == ["UPGR-SCRAM-SHA-512", "UPGR-SCRAM-SHA-256"]


async def test_nothing_is_offered_before_tls() -> None:
    """§3: "MUST only be used by Clients or offered by Servers after TLS negotiation"."""
    async with House(config={"tls": {"require": True}}) as house:
        client = house.connect()
        features = await client.open()
        assert [child.tag.partition("}")[2] for child in features] == ["starttls", "limits"]
        await house.add_user("anna")
        await client.send(plain("anna"))
        await client.expect(failure("encryption-required"))


async def test_plain_in_one_step_and_then_a_resource_as_ever() -> None:
    """§5.1: features come again, and "there is no stream restart"; binding is still the old one."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna"))
        success = await client.expect(SUCCESS)
        assert identifier(success) == "anna@example.org"
        assert success.find(f"{{{SASL2}}}additional-data") is None
        await client.expect(
            "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
            "<sm xmlns='urn:xmpp:sm:3'/></stream:features>"
        )
        bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{}</bind>"
        await client.send(f"<iq type='set' id='b'>{bind.format('<resource>g</resource>')}</iq>")
        await client.expect(
            f"<iq type='result' id='b'>{bind.format('<jid>anna@example.org/g</jid>')}</iq>"
        )
        assert client.said.count(b"<stream:stream ") == 1
        assert client.session.client


async def test_scram() -> None:
    """§2.5, §2.6.1: the verifier is the additional data of the success."""
    async with House() as house:
        await house.add_user("anna")
        for name in ("SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"):
            client = await connect(house)
            exchange = ScramClient(name, "anna", "secret")
            success = await scram(client, exchange, BIND)
            assert exchange.verify(additional(success))
            assert exchange.server_attributes["h"]
            await client.expect(FEATURES)


async def test_white_space_around_base64_says_nothing() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        data = encode(b"\0anna\0secret")
        await client.send(
            f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'>\n"
            f" <initial-response>\n  {data}\n </initial-response>\n</authenticate>"
        )
        await client.expect(SUCCESS)


async def test_a_failure_leaves_the_stream_as_it_was() -> None:
    """§2.6.2: "the stream and session state remain entirely unchanged"."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna", BIND, password="wrong"))
        await client.expect(failure("not-authorized"))
        await client.expect_nothing()
        await client.send(request("X-UNKNOWN", b""))
        await client.expect(failure("invalid-mechanism"))
        await client.send(request("PLAIN", None))
        await client.expect(f"<challenge xmlns='{SASL2}'/>")
        await client.send(f"<abort xmlns='{SASL2}'/>")
        await client.expect(failure("aborted"))
        token = encode(b"\0anna\0secret")
        await client.send(
            f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>"
        )
        await client.expect("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")


async def test_too_many_failures_end_the_stream() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        for _ in range(4):
            await client.send(plain("anna", password="wrong"))
            await client.expect(failure("not-authorized"))
        await expect_end(client, "policy-violation")


async def test_nothing_else_may_be_said_during_an_exchange() -> None:
    """§2.4: "Servers MUST disconnect Clients immediately if any other traffic is received"."""
    async with House() as house:
        for word, condition in (
            ("<message/>", "not-authorized"),
            ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "unsupported-stanza-type"),
            (plain("anna"), "unsupported-stanza-type"),
        ):
            await house.add_user("anna")
            client = await connect(house)
            exchange = ScramClient("SCRAM-SHA-1", "anna", "secret")
            await client.send(request("SCRAM-SHA-1", exchange.first()))
            await client.expect(f"<challenge xmlns='{SASL2}'/>")
            await client.send(word)
            await expect_end(client, condition)


async def test_nobody_logs_in_twice() -> None:
    """§4.8: "any further <authenticate/> element MUST result in a stream error"."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna"))
        await client.expect(SUCCESS)
        await client.expect(FEATURES)
        await client.send(plain("anna"))
        await expect_end(client, "unsupported-stanza-type")


async def test_an_authorization_identity_must_be_that_of_the_stream() -> None:
    """§4.4: an error "if the stream's from attribute (if present) does not match"."""
    async with House() as house:
        await house.add_user("anna")
        data = b"anna@example.org\0anna\0secret"
        for sender, passes in (("anna@example.org", True), ("ben@example.org", False)):
            client = await connect(house, header(more=f" from='{sender}'"))
            await client.expect(FEATURES)
            await client.send(request("PLAIN", data))
            await client.expect(SUCCESS if passes else failure("invalid-authzid"))


async def test_stanzas_of_full_size_may_follow() -> None:
    """The limits before login end with it, although the stream goes on."""
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna", BIND))
        await client.expect(SUCCESS)
        await client.expect(FEATURES)
        body = "x" * 50_000
        await client.send(f"<message to='anna@example.org' id='long'><body>{body}</body></message>")
        assert not client.is_closed


async def test_features_are_known_by_a_version() -> None:
    """XEP-0509 §2.2: who knows it may log in at once; a wrong one fails without prejudice."""
    async with House() as house:
        await house.add_user("anna")
        features = await house.connect().open()
        found = features.find("{urn:xmpp:iap:0}config-version")
        assert found is not None
        version = "<config-version xmlns='urn:xmpp:iap:0' scheme='opaque' value='{}'/>"
        right = version.format(found.get("value"))
        client = house.connect()
        await client.send(header() + plain("anna", BIND, right))
        await client.expect(FEATURES)
        await client.expect(SUCCESS)
        late = house.connect()
        await late.send(header() + plain("anna", BIND, version.format("old")))
        await late.expect(FEATURES)
        refusal = failure("aborted").replace(
            "</failure>", "<config-version-mismatch xmlns='urn:xmpp:iap:0'/></failure>"
        )
        await late.expect(refusal)
        assert late.stream.failures == 0
        await late.send(plain("anna", BIND, right))
        await late.expect(SUCCESS)
