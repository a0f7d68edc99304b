"""XEP-0030: who may ask what of whom."""

from pathlib import Path

from extensions.disco import Disco, Item
from extensions.payloads import info
from server.element import Element
from server.extension import Request
from server.jid import JID
from tests.extensions.stage import DOMAIN, condition, open_stage
from tests.extensions.test_last_activity import befriend

INFO = f"<query xmlns='{info.NS}'/>"
ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'/>"


def node(query: str, name: str) -> str:
    return query.replace("/>", f" node='{name}'/>")


def items(query: Element) -> list[tuple[str | None, str | None, str | None]]:
    return [(item.get("jid"), item.get("name"), item.get("node")) for item in query]


async def test_the_host_is_a_server_with_features(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        (query,) = await romeo.ask("get", INFO, DOMAIN)
        said = info.parse(query)
        assert ("server", "im") in [(i.category, i.type) for i in said.identities]
        for feature in (
            info.NS,
            "urn:xmpp:ping",
            "urn:xmpp:carbons:2",
            "msgoffline",
            "jabber:iq:version",
            "urn:xmpp:time",
            "http://jabber.org/protocol/caps",
        ):
            assert feature in said.features  # fmt: skip
        assert sorted(set(said.features)) == list(said.features)


async def test_the_own_account_has_an_archive(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        for to in (None, romeo.jid.bare):
            (query,) = await romeo.ask("get", INFO, to)
            said = info.parse(query)
            assert ("account", "registered") in [(i.category, i.type) for i in said.identities]
            assert {"urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0"} < set(
                said.features
            )


async def test_only_contacts_learn_about_an_account(tmp_path: Path) -> None:
    """By rule "the server MUST return a <service-unavailable/> error" (§8)."""
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        juliet = await stage.login("juliet", "balcony")
        assert condition(await romeo.ask("get", INFO, juliet.jid.bare)) == "service-unavailable"
        nobody = await romeo.ask("get", INFO, f"nobody@{DOMAIN}")
        assert condition(nobody) == "service-unavailable"
        await befriend(stage, "juliet", "romeo")
        assert condition(await romeo.ask("get", INFO, juliet.jid.bare)) == ""


async def test_an_account_lists_its_resources_for_contacts(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        juliet = await stage.login("juliet", "balcony")
        await stage.login("juliet", "unseen", priority=None)
        (query,) = await romeo.ask("get", ITEMS, juliet.jid.bare)
        assert items(query) == []
        await befriend(stage, "juliet", "romeo")
        (query,) = await romeo.ask("get", ITEMS, juliet.jid.bare)
        assert items(query) == [(juliet.jid, None, None)]


async def test_the_host_lists_its_services(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        disco: Disco = stage.host.service("disco")
        disco.offer(Item(JID.of("rooms.montague.example"), "Rooms & halls"))
        (query,) = await romeo.ask("get", ITEMS, DOMAIN)
        assert ("rooms.montague.example", "Rooms & halls", None) in items(query)


async def test_unknown_nodes(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        for query in (INFO, ITEMS):
            for to in (None, DOMAIN):
                answer = await romeo.ask("get", node(query, "nowhere"), to)
                assert condition(answer) == "item-not-found"


async def test_nodes_have_sources(tmp_path: Path) -> None:
    async def about(request: Request, name: str) -> info.Info | None:
        return info.Info((info.Identity("hierarchy", "leaf"),)) if name == "leaf" else None

    async def below(request: Request, name: str) -> list[Item] | None:
        return [Item(JID.of(DOMAIN), node="twig")] if name == "branch" else None

    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        disco: Disco = stage.host.service("disco")
        disco.info_sources.append(about)
        disco.item_sources.append(below)
        (query,) = await romeo.ask("get", node(INFO, "leaf"), DOMAIN)
        assert query.get("node") == "leaf"
        assert info.parse(query).identities == (info.Identity("hierarchy", "leaf"),)
        (query,) = await romeo.ask("get", node(ITEMS, "branch"), DOMAIN)
        assert items(query) == [(DOMAIN, None, "twig")]
