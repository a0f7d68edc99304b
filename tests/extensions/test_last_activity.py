"""XEP-0012: who may know how long somebody has been away."""

from pathlib import Path

from server.jid import JID
from server.roster.item import RosterItem, State
from tests.extensions.stage import DOMAIN, Stage, condition, open_stage

QUERY = "<query xmlns='jabber:iq:last'/>"


async def befriend(stage: Stage, owner: str, friend: str) -> None:
    """Let `friend` see the presence of `owner`."""
    account = await stage.host.accounts.load(JID.parse(f"{owner}@{DOMAIN}"))
    assert account is not None
    jid = JID.parse(f"{friend}@{DOMAIN}")
    account.roster.note(jid, RosterItem(jid, state=State.FROM))


async def test_the_host_tells_how_long_it_has_been_running(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        stage.clock.advance(4000.7)
        (query,) = await romeo.ask("get", QUERY, DOMAIN)
        assert query.get("seconds") == "4000"
        assert query.text is None


async def test_strangers_are_refused(tmp_path: Path) -> None:
    """By rule "the user's server MUST NOT return last activity information" (§3)."""
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        juliet = await stage.login("juliet", "balcony")
        for to in (juliet.jid.bare, juliet.jid):
            assert condition(await romeo.ask("get", QUERY, to)) == "forbidden"
        assert juliet.heard() == []


async def test_a_contact_learns_when_somebody_left_and_with_which_words(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        juliet = await stage.login("juliet", "balcony")
        await befriend(stage, "juliet", "romeo")
        (query,) = await romeo.ask("get", QUERY, juliet.jid.bare)
        assert query.get("seconds") == "0"
        juliet.session.account.last_status = "Heading Home"
        stage.server.sessions.end(juliet.session)
        stage.clock.advance(903)
        (query,) = await romeo.ask("get", QUERY, juliet.jid.bare)
        assert query.get("seconds") == "903"
        assert query.text == "Heading Home"


async def test_requests_of_contacts_reach_the_client(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        juliet = await stage.login("juliet", "balcony")
        await befriend(stage, "juliet", "romeo")
        await romeo.send(f"<iq type='get' id='1' to='{juliet.jid}'>{QUERY}</iq>")
        (request,) = juliet.heard()
        assert request.get("from") == romeo.jid


async def test_an_account_that_was_never_online_has_no_activity(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        juliet = await stage.account("juliet")
        await befriend(stage, "juliet", "romeo")
        assert condition(await romeo.ask("get", QUERY, juliet)) == "item-not-found"
