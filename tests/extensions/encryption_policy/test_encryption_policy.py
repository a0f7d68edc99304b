"""Domains whose users write with end-to-end encryption only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.encryption_policy.section import Encryption
from extensions.registry import ALL
from server.config import ConfigError, load
from tests.harness.house import CORE, Client, House

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = (*CORE, *ALL)
PLAIN = "<body>hello</body>"
SECRET = "<body>?</body><encrypted xmlns='urn:xmpp:omemo:2'>x</encrypted>"


def house(*required: str) -> House:
    """Two domains, of which some want encryption."""
    config = {"encryption": {"required": list(required)}}
    return House(EVERYTHING, domains=("example.org", "example.net"), config=config)


async def passes(from_: Client, to: Client, content: str, type_: str = "chat") -> bool:
    """Whether a message arrives; if not, its sender is told why."""
    from_.take_all()
    await from_.send(f"<message id='m' type='{type_}' to='{to.jid}'>{content}</message>")
    if to.take_all():
        return True
    (answer,) = from_.take_all()
    assert answer.find(".//{*}policy-violation") is not None
    assert "must be end-to-end encrypted" in str(answer.findtext(".//{*}error/{*}text"))
    return False


@pytest.mark.parametrize(
    ("required", "allowed"),
    [
        ((), {"org-org", "org-net", "net-org", "net-net"}),
        (("example.org",), {"net-net"}),
        (("example.org", "example.net"), set()),
        (("elsewhere.example",), {"org-org", "org-net", "net-org", "net-net"}),
    ],
)
async def test_messages_from_and_to_these_domains_are_encrypted(
    required: tuple[str, ...], allowed: set[str]
) -> None:
    async with house(*required) as home:
        org, net = await home.online("anna@example.org/a"), await home.online("ben@example.net/b")
        org2 = await home.online("carl@example.org/c")
        net2 = await home.online("dora@example.net/d")
        ways = {
            "org-org": (org, org2), "org-net": (org, net), "net-org": (net, org),
            "net-net": (net, net2),
        }  # fmt: skip
        assert {name for name, way in ways.items() if await passes(*way, PLAIN)} == allowed
        assert [name for name, way in ways.items() if not await passes(*way, SECRET)] == []


async def test_what_a_room_passes_on_is_not_refused() -> None:
    async with house("example.org") as home:
        anna, ben = await home.online("anna@example.org/a"), await home.online("ben@example.net/b")
        assert not await passes(anna, ben, PLAIN, "groupchat")
        state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
        assert await passes(anna, ben, state)


async def test_nothing_is_hooked_without_a_domain() -> None:
    async with house() as home:
        made = home.server.hosts["example.org"].service("encryption_policy")
        assert list(made.wires()) == []


def test_only_domains_are_named(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text("[encryption]\nrequired = ['anna@example.org']\n")
    with pytest.raises(ConfigError, match="expected a domain"):
        load(path, rooms={"encryption": Encryption}, environ={})
