"""XEP-0379: who asks with a token of the user's is let in; who asks with another is not."""

import pytest

from extensions.invitations import store
from extensions.invitations.commands import INVITE
from server.storage.errors import StorageUnavailable
from tests.extensions.invitations.scene import (
    DOMAIN,
    asking,
    invitations,
    issue,
    open_house,
    run,
    values,
)
from tests.harness.house import Client, House

ROMEO, JULIET = f"romeo@{DOMAIN}", f"juliet@{DOMAIN}"


async def invite(client: Client) -> str:
    """The token of a new invitation."""
    uri = values(await run(client, INVITE))["uri"]
    return uri.partition(";preauth=")[2].partition(";")[0]


def subscription(client: Client, contact: str) -> str:
    """What binds a client and a contact."""
    return {str(item.jid): item.subscription for item in client.session.account.roster.items}.get(
        contact, ""
    )


async def test_the_flow_of_the_example() -> None:
    """§3.4 to §3.6."""
    async with open_house() as house:
        romeo, juliet = await house.online("romeo/1"), await house.online("juliet/1")
        token = await invite(romeo)
        await juliet.send(asking(ROMEO, token))
        await juliet.send(f"<presence to='{ROMEO}' type='subscribed'/>")
        assert subscription(romeo, JULIET) == subscription(juliet, ROMEO) == "both"
        assert not [e for e in romeo.take_all() if e.get("type") == "subscribe"]


async def test_it_works_while_the_inviter_is_offline() -> None:
    async with open_house() as house:
        romeo = await house.online("romeo/1")
        token = await invite(romeo)
        await romeo.close()
        await house.restart()
        juliet = await house.online("juliet/1")
        await juliet.send(asking(ROMEO, token))
        assert subscription(juliet, ROMEO) == "to"


async def asks_in_vain(house: House, token: str) -> None:
    """The request is shown like any other, and nobody is let in."""
    romeo, nurse = await house.online("romeo/2"), await house.online("nurse/1")
    romeo.take_all()
    await nurse.send(asking(ROMEO, token))
    await romeo.expect(
        f"<presence type='subscribe' from='nurse@{DOMAIN}' to='{ROMEO}'>"
        f"<preauth xmlns='urn:xmpp:pars:0' token='{token}'/></presence>"
    )
    assert subscription(nurse, ROMEO) == "none"


async def test_one_token_is_for_one() -> None:
    async with open_house() as house:
        romeo, juliet = await house.online("romeo/1"), await house.online("juliet/1")
        token = await invite(romeo)
        await juliet.send(asking(ROMEO, token))
        assert subscription(juliet, ROMEO) == "to"
        await asks_in_vain(house, token)


async def test_a_token_of_somebody_else() -> None:
    async with open_house() as house:
        await asks_in_vain(house, await invite(await house.online("juliet/1")))


async def test_a_token_for_an_account_only() -> None:
    async with open_house() as house:
        await asks_in_vain(house, await issue(house))


async def test_an_expired_token() -> None:
    async with open_house() as house:
        token = await invite(await house.online("romeo/1"))
        house.clock.advance(7 * 86400 + 1)
        await asks_in_vain(house, token)


async def test_a_revoked_token() -> None:
    async with open_house() as house:
        token = await invite(await house.online("romeo/1"))
        await invitations(house).book.revoke(token)
        await asks_in_vain(house, token)


async def test_a_malformed_token() -> None:
    """§4.1: "it MUST ignore it and act as if no preauth token was contained"."""
    async with open_house() as house:
        await asks_in_vain(house, "x" * 500)


async def test_when_tokens_cannot_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise StorageUnavailable("no disk")

    async with open_house() as house:
        token = await invite(await house.online("romeo/1"))
        monkeypatch.setattr(store, "find", fail)
        await asks_in_vain(house, token)


async def test_who_guesses_is_soon_not_listened_to() -> None:
    async with open_house({"auth": {"failures": 2, "failures_window": "60s"}}) as house:
        romeo, nurse = await house.online("romeo/1"), await house.online("nurse/1")
        token = await invite(romeo)
        for guess in ("a", "b", token):
            await nurse.send(asking(ROMEO, guess))
            assert subscription(nurse, ROMEO) == "none"
        house.clock.advance(61)
        await nurse.send(asking(ROMEO, token))
        assert subscription(nurse, ROMEO) == "to"


async def test_the_invitations_of_a_deleted_account_are_gone() -> None:
    async with open_house() as house:
        romeo = await house.online("romeo/1")
        token = await invite(romeo)
        remove = "<query xmlns='jabber:iq:register'><remove/></query>"
        await romeo.send(f"<iq type='set' id='1'>{remove}</iq>")
        assert await invitations(house).book.open() == []
        await asks_in_vain(house, token)


async def test_who_was_let_in_does_not_use_another_token() -> None:
    async with open_house() as house:
        romeo, juliet = await house.online("romeo/1"), await house.online("juliet/1")
        one, other = await invite(romeo), await invite(romeo)
        await juliet.send(asking(ROMEO, one))
        await juliet.send(asking(ROMEO, other))
        assert len(await invitations(house).book.open()) == 1
