"""Users see and take back their invitations, administrators everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.invitations.commands import CREATE, INVITE
from extensions.invitations.overview import LIST, MOST, REVOKE
from extensions.invitations.store import Invitation
from server.orders import Orders
from tests.extensions.invitations.scene import (
    ADMIN,
    DOMAIN,
    asking,
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

if TYPE_CHECKING:
    from tests.harness.house import Client

JULIET = f"juliet@{DOMAIN}"
USERS = {"invitations": {"accounts": "users"}}


async def invite(client: Client) -> str:
    """A new invitation of that user's; its token."""
    return values(await run(client, INVITE))["uri"].partition(";preauth=")[2].partition(";")[0]


async def listed(client: Client) -> list[dict[str, str]]:
    answer = await run(client, LIST)
    return [
        {field.get("var", ""): field.findtext("{*}value") or "" for field in item}
        for item in answer.iter("{jabber:x:data}item")
    ]


async def choices(client: Client) -> tuple[str, list[str]]:
    """The session of the command, and what can be taken back."""
    command = (await run(client, REVOKE))[0]
    options = command.iter("{jabber:x:data}option")
    return command.get("sessionid", ""), [each.findtext("{*}value") or "" for each in options]


async def revoke(client: Client, session: str, *ids: str) -> str:
    """Take these back; what came of it."""
    chosen = "".join(f"<value>{each}</value>" for each in ids)
    form = f"<field var='invitations'>{chosen}</field>"
    answer = await run(client, REVOKE, session, form)
    return condition(answer) or answer[0].findtext("{*}note") or ""


async def test_users_see_their_own() -> None:
    async with open_house(USERS) as house:
        juliet, nurse = await house.online("juliet/1"), await house.online("nurse/1")
        assert (await run(juliet, LIST))[0].findtext("{*}note") is not None
        for client in (juliet, juliet, nurse):
            await invite(client)
        rows = await listed(juliet)
        assert [(row["kind"], row["inviter"]) for row in rows] == [
            ("account and contact", JULIET), ("account and contact", JULIET),
        ]  # fmt: skip
        assert rows[0]["expires"] == "2023-11-21T22:13:20.000Z"
        assert [len(row["id"]) for row in rows] == [12, 12]


async def test_administrators_see_all_of_the_domain() -> None:
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        romeo, juliet = await house.online("romeo/1"), await house.online("juliet/1")
        await invite(juliet)
        await issue(house, username="nurse")
        elsewhere = Invitation("", "example.net", registers=True)
        await invitations(house).book.issue(elsewhere)
        rows = {(row["kind"], row["username"], row["inviter"]) for row in await listed(romeo)}
        assert rows == {("account", "nurse", ""), ("contact", "", JULIET)}


async def test_users_take_back_their_own() -> None:
    """XEP-0445 §4: whoever shows the token then hears that it is invalid."""
    async with open_house(USERS) as house:
        juliet, nurse = await house.online("juliet/1"), await house.online("nurse/1")
        token, kept, other = await invite(juliet), await invite(juliet), await invite(nurse)
        client = await stranger(house)
        assert await show(client, token) == ""
        session, ids = await choices(juliet)
        assert len(ids) == 2
        book = invitations(house).book
        mine = await book.find(token, DOMAIN)
        assert mine is not None
        assert await revoke(juliet, session, mine.id) == "1 invitations were revoked"
        assert await register(client, "iago") == "item-not-found"
        assert await show(await stranger(house), token) == "item-not-found"
        for each in (kept, other):
            assert await show(await stranger(house), each) == ""


async def test_nobody_takes_back_those_of_others() -> None:
    async with open_house(USERS) as house:
        juliet, nurse = await house.online("juliet/1"), await house.online("nurse/1")
        await invite(juliet)
        token = await invite(nurse)
        book = invitations(house).book
        theirs = await book.find(token, DOMAIN)
        assert theirs is not None
        session, ids = await choices(juliet)
        assert theirs.id not in ids
        assert await revoke(juliet, session, theirs.id) == "bad-request"
        owner = juliet.session.account.id
        assert not await book.withdraw(theirs.id, DOMAIN, owner)
        assert not await book.withdraw(theirs.id, "example.net", 0)
        assert await book.find(token, DOMAIN) == theirs


async def test_administrators_take_back_any() -> None:
    async with open_house() as house:
        romeo, juliet = await house.online("romeo/1"), await house.online("juliet/1")
        await invite(juliet)
        session, ids = await choices(romeo)
        assert await revoke(romeo, session, *ids) == "1 invitations were revoked"
        assert await listed(juliet) == []
        again = await run(romeo, REVOKE)
        assert again[0].get("status") == "completed"


async def test_what_was_used_is_not_listed_and_opens_nothing() -> None:
    async with open_house(USERS) as house:
        juliet = await house.online("juliet/1")
        token = await invite(juliet)
        client = await stranger(house)
        await show(client, token)
        session, ids = await choices(juliet)
        assert await register(client, "iago") == ""
        juliet.take_all()
        assert await revoke(juliet, session, *ids) == "0 invitations were revoked"
        assert await listed(juliet) == []
        assert await show(await stranger(house), token) == "item-not-found"


async def test_there_is_an_end_to_the_list() -> None:
    async with open_house({"invitations": {"per_account": 1000}}) as house:
        romeo = await house.online("romeo/1")
        for _ in range(MOST + 1):
            await issue(house)
        answer = await run(romeo, LIST)
        assert len(list(answer.iter("{jabber:x:data}item"))) == MOST
        assert answer[0].findtext("{*}note") == "There are more"
        assert len((await choices(romeo))[1]) == MOST


async def test_strangers_are_told_nothing() -> None:
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        nurse = await house.online("nurse@example.net/1")
        for node in (LIST, REVOKE):
            assert condition(await run(nurse, node)) == "forbidden"


@pytest.mark.parametrize("how", ["registers", "contact"])
async def test_nobody_gets_in_by_who_is_disabled(how: str) -> None:
    """XEP-0133 §4.3: and when the account is enabled again, its invitations are good again."""
    async with open_house(USERS) as house:
        juliet = await house.online("juliet/1")
        token = await invite(juliet)
        early = await stranger(house)
        assert await show(early, token) == ""
        accounts = Orders(house.server).accounts()
        await accounts.disable(JULIET)
        if how == "registers":
            assert await register(early, "iago") == "item-not-found"
            assert await show(await stranger(house), token) == "item-not-found"
            await accounts.enable(JULIET)
            assert await show(await stranger(house), token) == ""
        else:
            iago = await house.online("iago/1")
            await iago.send(asking(JULIET, token))
            await house.settle()
            assert iago.session.account.roster.state(juliet.jid.bare).subscription == "none"


async def test_a_disabled_name_is_taken() -> None:
    """Neither an invitation nor registration gives it away."""
    async with open_house({"registration": {"enabled": True}}) as house:
        await house.add_user("juliet")
        await Orders(house.server).accounts().disable(JULIET)
        client = await stranger(house)
        assert await register(client, "juliet") == "conflict"
        assert await show(client, await issue(house)) == ""
        assert await register(client, "juliet") == "conflict"
        romeo = await house.online(ADMIN)
        session = (await run(romeo, CREATE))[0].get("sessionid", "")
        form = "<field var='username'><value>juliet</value></field>"
        assert condition(await run(romeo, CREATE, session, form)) == "conflict"
