"""XEP-0133 §4.1 to §4.4, §4.7, §5, §6."""

import pytest

from server.jid import JID
from server.storage import accounts
from tests.extensions.administration.scene import (
    ADMIN,
    DOMAIN,
    begin,
    condition,
    fields,
    open_house,
    run,
)

JULIET = f"juliet@{DOMAIN}"
NODES = {
    "add-user", "delete-user", "disable-user", "reenable-user", "end-user-session",
    "change-user-password", "get-user-roster", "get-user-lastlogin", "user-stats",
    "get-registered-users-num", "get-disabled-users-num", "get-online-users-num",
    "get-active-users-num", "get-idle-users-num", "get-registered-users-list",
    "get-disabled-users-list", "get-online-users-list", "get-active-users", "get-idle-users",
    "announce", "set-motd", "edit-motd", "delete-motd", "set-welcome", "delete-welcome",
    "restart", "shutdown",
}  # fmt: skip


async def test_the_form_of_the_example() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        asked = fields(await begin(bard, "add-user"))
        assert list(asked) == ["FORM_TYPE", "accountjid", "password", "password-verify"]
        assert asked["FORM_TYPE"] == ["http://jabber.org/protocol/admin"]


async def test_a_user_is_added() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        answer = await run(
            bard, "add-user", accountjid=JULIET, password="R0m30", password_verify="R0m30"
        )
        assert answer[0].get("status") == "completed"
        await house.login("juliet/1", "R0m30")


@pytest.mark.parametrize(
    ("jid", "password", "again", "refusal"),
    [
        (JULIET, "a", "b", "not-acceptable"),
        (ADMIN, "a", "a", "conflict"),
        ("juliet@example.net", "a", "a", "item-not-found"),
        (DOMAIN, "a", "a", "item-not-found"),
        (f"{JULIET}/balcony", "a", "a", "not-acceptable"),
        ("", "a", "a", "bad-request"),
        ("a b", "a", "a", "bad-request"),
        (JULIET, "", "", "bad-request"),
    ],
)
async def test_who_cannot_be_added(jid: str, password: str, again: str, refusal: str) -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        answer = await run(
            bard, "add-user", accountjid=jid, password=password, password_verify=again
        )
        assert condition(answer) == refusal
        assert not await accounts.account_exists(house.database, JID.of(JULIET))


async def test_users_are_deleted() -> None:
    async with open_house() as house:
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        await house.add_user("iago")
        answer = await run(bard, "delete-user", accountjids=[JULIET, f"iago@{DOMAIN}", JULIET])
        assert answer[0].get("status") == "completed"
        assert juliet.is_closed
        for name in ("juliet", "iago"):
            jid = JID.of(f"{name}@{DOMAIN}")
            assert not await accounts.account_exists(house.database, jid)
        again = await run(bard, "delete-user", accountjids=JULIET)
        assert condition(again) == "item-not-found"


async def test_users_are_disabled_and_enabled() -> None:
    """§4.3, §4.4: "MUST NOT result in the destruction of any … data for the account"."""
    async with open_house() as house:
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        await house.add_user("iago")
        for name, done in (("disable-user", "disabled"), ("reenable-user", "enabled")):
            asked = fields(await begin(bard, name))
            assert list(asked) == ["FORM_TYPE", "accountjids"]
            answer = await run(bard, name, accountjids=[JULIET, f"iago@{DOMAIN}"])
            assert answer[0].get("status") == "completed"
            assert done in (answer[0].findtext("{*}note") or "")
            for jid in (JULIET, f"iago@{DOMAIN}"):
                found = await accounts.find_account(house.database, JID.of(jid))
                assert found is not None
                assert bool(found.disabled) is (done == "disabled")
        assert juliet.is_closed
        await house.login("juliet/1")
        for name in ("disable-user", "reenable-user"):
            nobody = await run(bard, name, accountjids=f"nobody@{DOMAIN}")
            assert condition(nobody) == "item-not-found"


async def test_nobody_locks_himself_out() -> None:
    async with open_house() as house:
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        answer = await run(bard, "disable-user", accountjids=[JULIET, ADMIN])
        assert condition(answer) == "not-allowed"
        assert not bard.is_closed
        assert not juliet.is_closed


async def test_the_name_of_a_disabled_user_is_taken() -> None:
    async with open_house() as house:
        bard = await house.online(ADMIN)
        await house.add_user("juliet")
        await run(bard, "disable-user", accountjids=JULIET)
        again = await run(bard, "add-user", accountjid=JULIET, password="x", password_verify="x")
        assert condition(again) == "conflict"


async def test_a_password_is_changed() -> None:
    async with open_house() as house:
        bard, juliet = await house.online(ADMIN), await house.online("juliet/1")
        await run(bard, "change-user-password", accountjid=JULIET, password="V3r0n4")
        assert juliet.is_closed
        await house.login("juliet/1", "V3r0n4")
        nobody = await run(
            bard, "change-user-password", accountjid=f"nobody@{DOMAIN}", password="x"
        )
        assert condition(nobody) == "item-not-found"


@pytest.mark.parametrize("name", sorted(NODES))
async def test_they_are_for_administrators_only(name: str) -> None:
    """§6: "MUST NOT be granted to users who lack service-level administrative privileges"."""
    async with open_house(domains=(DOMAIN, "example.net")) as house:
        for nobody in ("juliet/1", "bard@example.net/1"):
            assert condition(await begin(await house.online(nobody), name)) == "forbidden"
        assert condition(await begin(await house.online(ADMIN), name)) == ""


async def test_passwords_are_told_nobody() -> None:
    """§4.6 was retracted."""
    async with open_house() as house:
        answer = await begin(await house.online(ADMIN), "get-user-password")
        assert condition(answer) == "item-not-found"


async def test_the_list_has_them() -> None:
    async with open_house() as house:
        listing = (
            f"<iq type='get' id='1' to='{DOMAIN}'><query node='http://jabber.org/protocol/commands'"
            " xmlns='http://jabber.org/protocol/disco#items'/></iq>"
        )
        for name, expected in (("bard", NODES), ("juliet", set())):
            client = await house.online(f"{name}/1")
            await client.send(listing)
            nodes = {item.get("node", "") for item in (await client.next())[0]}
            ours = {node.partition("#")[2] for node in nodes if "protocol/admin#" in node}
            assert ours == expected
