"""XEP-0401 §3 and §5: the commands, who may use them, and what they give."""

from asyncio import TaskGroup

import pytest

from extensions.commands.payloads import NS as COMMANDS
from extensions.invitations.book import Taken
from extensions.invitations.commands import CREATE, INVITE
from server.jid import JID
from tests.extensions.invitations.scene import (
    ADMIN,
    DOMAIN,
    condition,
    invitations,
    issue,
    open_house,
    register,
    run,
    show,
    stranger,
    values,
)
from tests.harness.house import Client


async def create(client: Client, username: str = "", contact: str = "") -> dict[str, str]:
    """Go through the form; the fields of the result, or the condition of the refusal."""
    command = (await run(client, CREATE))[0]
    fields = {"username": username, "roster-subscription": contact}
    form = "".join(
        f"<field var='{var}'><value>{value}</value></field>"
        for var, value in fields.items()
        if value
    )
    answer = await run(client, CREATE, command.get("sessionid", ""), form)
    return {"refused": condition(answer)} if condition(answer) else values(answer)


async def test_the_list_has_what_one_may_use() -> None:
    async with open_house() as house:
        listing = f"<iq type='get' id='1' to='{DOMAIN}'>" + (
            f"<query xmlns='http://jabber.org/protocol/disco#items' node='{COMMANDS}'/></iq>"
        )
        for name, expected in (("romeo", {INVITE, CREATE}), ("juliet", {INVITE})):
            client = await house.online(f"{name}/1")
            await client.send(listing)
            nodes = {item.get("node", "") for item in (await client.next())[0]}
            assert {node for node in nodes if node.startswith("urn:xmpp:invite")} == expected


async def test_a_user_invitation() -> None:
    """§5.1: a link at once; without ibr=y where users may not bring new users."""
    async with open_house() as house:
        juliet = await house.online("juliet/1")
        answer = await run(juliet, INVITE)
        assert answer[0].get("status") == "completed"
        told = values(answer)
        assert list(told) == ["FORM_TYPE", "uri", "expire"]
        assert told["FORM_TYPE"] == "urn:xmpp:invite#invitation"
        uri, _, token = told["uri"].partition(";preauth=")
        assert uri == f"xmpp:juliet@{DOMAIN}?roster"
        (kept,) = await invitations(house).book.open()
        assert token.isalnum()
        assert token not in repr(kept)
        assert (kept.inviter, kept.contact, kept.registers) == (juliet.jid.bare, True, False)
        assert kept.expires == int((house.clock.utcnow() + 7 * 86400) * 1000)
        client = await stranger(house)
        assert await show(client, token) == "item-not-found"


@pytest.mark.parametrize(
    ("accounts", "ibr"), [("users", True), ("admins", False), ("nobody", False)]
)
async def test_whose_invitations_make_accounts(accounts: str, ibr: bool) -> None:
    async with open_house({"invitations": {"accounts": accounts}}) as house:
        juliet = await house.online("juliet/1")
        told = values(await run(juliet, INVITE))
        assert told["uri"].endswith(";ibr=y") is ibr
        refusal = {"users": "", "admins": "forbidden", "nobody": "item-not-found"}[accounts]
        assert condition(await run(juliet, CREATE)) == refusal


async def test_the_landing_page_is_where_the_configuration_says() -> None:
    page = {"invitations": {"landing_page": "https://example.com/invite/#{token}"}}
    async with open_house(page) as house:
        told = values(await run(await house.online("juliet/1"), INVITE))
        token = told["uri"].partition(";preauth=")[2]
        assert told["landing-url"] == f"https://example.com/invite/#{token}"


async def test_creating_an_account_and_a_contact() -> None:
    """§5.4, and the push of §5.5."""
    async with open_house() as house:
        romeo = await house.online("romeo/1")
        form = (await run(romeo, CREATE))[0]
        asked = [f.get("var") for f in form.iter("{jabber:x:data}field")]
        assert asked == ["username", "roster-subscription"]
        told = await create(romeo, "Juliet", "true")
        uri, _, token = told["uri"].partition(";preauth=")
        assert uri == f"xmpp:juliet@{DOMAIN}?register"
        client = await stranger(house)
        assert await show(client, token) == ""
        assert await register(client, "juliet") == ""
        await romeo.expect(
            "<iq type='set' id='…' from=''><query xmlns='jabber:iq:roster' ver='…'>"
            f"<item subscription='both' jid='juliet@{DOMAIN}'/></query></iq>"
        )
        await house.restart()
        for name, other in (("juliet", "romeo"), ("romeo", "juliet")):
            account = await house.server.hosts[DOMAIN].accounts.load(_jid(name))
            assert account is not None
            (item,) = account.roster.items
            assert (item.jid, item.subscription) == (_jid(other), "both")


async def test_an_account_without_a_contact() -> None:
    async with open_house() as house:
        romeo = await house.online("romeo/1")
        told = await create(romeo)
        uri, _, token = told["uri"].partition(";preauth=")
        assert uri == f"xmpp:{DOMAIN}?register"
        client = await stranger(house)
        assert await show(client, token) == ""
        assert await register(client, "juliet") == ""
        await romeo.expect_nothing()
        await romeo.send(f"<presence type='subscribe' to='juliet@{DOMAIN}'/>")
        assert romeo.session.account.roster.state(_jid("juliet")).to is False


@pytest.mark.parametrize(
    ("username", "refusal"),
    [("juliet", "conflict"), ("a/b", "not-acceptable"), ("a b", "not-acceptable"),
     ("a@b", "not-acceptable"), ("romeo", "conflict"), ("x" * 1024, "not-acceptable")],
)  # fmt: skip
async def test_names_that_cannot_be_had(username: str, refusal: str) -> None:
    async with open_house() as house:
        romeo = await house.online("romeo/1")
        assert "uri" in await create(romeo, "juliet")
        assert await create(romeo, username) == {"refused": refusal}


async def test_an_account_may_have_so_many() -> None:
    async with open_house({"invitations": {"per_account": 2}}) as house:
        juliet, nurse = await house.online("juliet/1"), await house.online("nurse/1")
        for refusal in ("", "", "resource-constraint"):
            assert condition(await run(juliet, INVITE)) == refusal
        assert condition(await run(nurse, INVITE)) == ""
        house.clock.advance(7 * 86400 + 1)
        assert condition(await run(juliet, INVITE)) == ""


async def test_an_account_may_not_have_more_by_all_its_clients_at_once() -> None:
    async with open_house({"invitations": {"per_account": 3}}) as house:
        clients = [await house.online(f"juliet/{number}") for number in range(8)]
        command = f"<command xmlns='{COMMANDS}' node='{INVITE}'/>"
        for client in clients:
            client.say(f"<iq type='set' id='c' to='{DOMAIN}'>{command}</iq>")
        await house.settle()
        assert len(await house.database.fetch("SELECT id FROM invitation")) == 3


async def test_a_name_is_kept_for_one_of_two_who_ask_at_once() -> None:
    async with open_house() as house:
        with pytest.RaisesGroup(Taken):
            async with TaskGroup() as both:
                for _ in range(2):
                    both.create_task(issue(house, username="juliet"))


async def test_what_has_expired_is_cleared_away() -> None:
    async with open_house() as house:
        juliet = await house.online("juliet/1")
        await run(juliet, INVITE)
        house.clock.advance(9 * 86400)
        await run(juliet, INVITE)
        assert await house.database.fetch("SELECT count(*) FROM invitation") == [(1,)]


async def test_who_is_no_user_here_gets_none() -> None:
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        other = await house.online("juliet@example.net/1")
        assert condition(await run(other, INVITE)) == "forbidden"


async def test_an_administrator_is_no_inviter_of_accounts_elsewhere() -> None:
    """His invitations to another domain are to that domain, and make him a contact there."""
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        romeo = await house.online(f"{ADMIN}/1")
        told = await create(romeo, "", "1")
        assert told["uri"].startswith(f"xmpp:{DOMAIN}?register;preauth=")


def _jid(name: str) -> JID:
    return JID.of(f"{name}@{DOMAIN}")
