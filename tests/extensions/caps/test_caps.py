"""XEP-0115 §6.2, §6.3, XEP-0390 §5.2, §5.5: what is announced can be verified."""

from pathlib import Path

from lxml import etree

from extensions.payloads import info
from extensions.registry import ALL
from server.element import Element
from tests.extensions.stage import DOMAIN, Client, open_stage
from tests.harness.house import CORE, House

HASH = "{urn:xmpp:hashes:2}hash"


async def said(client: Client, node: str) -> info.Info:
    (query,) = await client.ask("get", f"<query xmlns='{info.NS}' node='{node}'/>", DOMAIN)
    assert query.get("node") == node
    return info.parse(query)


def announced(features: list[bytes], namespace: str) -> Element:
    parsed = map(etree.fromstring, features)
    return next(element for element in parsed if element.tag == f"{{{namespace}}}c")


async def test_the_verification_string_is_that_of_the_host(tmp_path: Path) -> None:
    contact = {"abuse": ["mailto:abuse@montague.example"]}
    async with open_stage(tmp_path, contact=contact) as stage:
        romeo = await stage.login("romeo", "orchard")
        c = announced(stage.host.tables.stream_features, "http://jabber.org/protocol/caps")
        found = await said(romeo, f"{c.get('node')}#{c.get('ver')}")
        assert c.get("hash") == "sha-1"
        assert info.verification(found) == c.get("ver")
        assert len(found.forms) == 1


async def test_every_capability_hash_is_that_of_the_host(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        c = announced(stage.host.tables.stream_features, "urn:xmpp:caps")
        for element in c.findall(HASH):
            algorithm, value = element.get("algo", ""), element.text or ""
            found = await said(romeo, info.capability_node(algorithm, value))
            assert info.capability_hash(found, algorithm) == value
        assert {element.get("algo") for element in c} == {"sha-256", "sha3-256"}


async def test_the_stream_features_tell() -> None:
    async with House((*CORE, *ALL)) as house:
        anna = await house.login("anna")
        assert b"<c xmlns='http://jabber.org/protocol/caps'" in anna.said
        assert b"<c xmlns='urn:xmpp:caps'>" in anna.said
