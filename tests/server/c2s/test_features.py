"""What streams advertise, and in which order (RFC 6120 §4.3.2, XEP-0170)."""

from __future__ import annotations

import pytest

from extensions.registry import ALL
from tests.harness.house import CORE, House
from tests.harness.talk import SASL, authenticate

LIMITS = "urn:xmpp:stream-limits:0"


async def test_before_login() -> None:
    """XEP-0170 §2.1: TLS first, then SASL."""
    async with House() as house:
        features = await house.connect().open()
        assert [child.tag.partition("}")[2] for child in features] == [
            "starttls",
            "mechanisms",
            "authentication",
            "limits",
            "config-version",
        ]


async def test_after_login() -> None:
    """XEP-0170 §2.1: binding, then the session; XEP-0198 §2: stream management goes with it."""
    async with House() as house:
        client = await authenticate(house, "anna")
        said = client.said.rpartition(b"<stream:features>")[2]
        places = [said.find(word) for word in (b"<bind ", b"<session ", b"<sm ", b"<limits ")]
        assert places == sorted(places)
        assert min(places) >= 0


async def test_the_best_mechanism_comes_first() -> None:
    """RFC 6120 §6.3.3: in order of preference."""
    async with House() as house:
        features = await house.connect().open()
        names = [each.text for each in features.iter(f"{{{SASL}}}mechanism")]
        assert names == ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]


@pytest.mark.parametrize("idle", ["10m", "forever"])
async def test_limits(idle: str) -> None:
    """XEP-0478 §3.1, §4: other limits may hold once the client has authenticated."""
    config = {
        "limits": {
            "max_stanza_size": "300KiB",
            "max_stanza_size_unauthenticated": "12KiB",
            "idle_timeout": idle,
        }
    }
    async with House(config=config) as house:
        features = await house.connect().open()
        assert features.findtext(f"{{{LIMITS}}}limits/{{{LIMITS}}}max-bytes") == "12288"
        client = await authenticate(house, "anna")
        said = client.said.rpartition(b"<stream:features>")[2]
        assert b"<max-bytes>307200</max-bytes>" in said
        assert (b"<idle-seconds>600</idle-seconds>" in said) is (idle == "10m")


async def test_limits_leave_room_for_what_must_pass() -> None:
    """RFC 6120 §13.12: a limit "MUST NOT be smaller than 10000 bytes"."""
    async with House() as house:
        assert int(house.config.limits.max_stanza_size_unauthenticated) >= 10_000
        assert int(house.config.limits.max_stanza_size) >= 10_000


async def test_extensions_add_theirs() -> None:
    """XEP-0115 §6.3: a server may tell its capabilities in the stream features."""
    async with House((*CORE, *ALL)) as house:
        client = await authenticate(house, "anna")
        said = client.said.rpartition(b"<stream:features>")[2]
        assert b"<c xmlns='http://jabber.org/protocol/caps'" in said
        assert b"<csi xmlns='urn:xmpp:csi:0'" in said
