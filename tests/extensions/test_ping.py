"""XEP-0199: who answers a ping, and to whom."""

from pathlib import Path

from tests.extensions.stage import DOMAIN, condition, open_stage

PING = "<ping xmlns='urn:xmpp:ping'/>"


async def test_the_host_and_the_own_account_answer(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        for to in (None, DOMAIN, f"romeo@{DOMAIN}"):
            answer = await romeo.ask("get", PING, to)
            assert condition(answer) == ""
            assert len(answer) == 0


async def test_strangers_do_not_learn_whether_an_account_exists(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        await stage.account("mercutio")
        there = await romeo.ask("get", PING, f"mercutio@{DOMAIN}")
        nowhere = await romeo.ask("get", PING, f"nobody@{DOMAIN}")
        assert condition(there) == condition(nowhere) == "service-unavailable"
        assert [*there.itertext()] == [*nowhere.itertext()]
