"""XEP-0050: commands are listed, executed in stages, cancelled, refused."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from extensions.commands import Command, Done, Note, Stage, Who
from extensions.commands.payloads import NS
from extensions.commands.sessions import PATIENCE, PER_USER
from extensions.payloads import info
from extensions.payloads.forms import Field, Form, Option
from server.element import Element
from server.extension import At, Request
from tests.extensions.stage import DOMAIN, Client, condition, open_stage
from tests.extensions.stage import Stage as Scene

C = f"{{{NS}}}"
ADMIN = f"juliet@{DOMAIN}"


async def pick(request: Request) -> Stage | Done:
    options = (Option("httpd"), Option("jabberd"))
    field = Field("service", (), "list-single", "Service", required=True, options=options)
    return Stage(Form("form", (field,), "Configure Service"), run_modes, is_last=False)


async def run_modes(request: Request, given: Form) -> Stage | Done:
    service = given.value("service")

    async def set_(request: Request, given: Form) -> Stage | Done:
        return Done(f"Service '{service}' has been configured.")

    return Stage(Form("form", (Field("state", ("off",), "boolean"),), f"{service}"), set_)


async def listing(request: Request) -> Stage | Done:
    return Done(form=Form("result", title="Available Services"), notes=(Note("Two", "warn"),))


async def fail(request: Request) -> Stage | Done:
    return Done("It did not work", failed=True)


def offer(scene: Scene) -> None:
    commands = scene.host.service("commands")
    commands.offer(Command("config", "Configure Service", At.HOST, Who.ADMINS, pick))
    commands.offer(Command("list", "List Services", At.HOST, Who.LOCAL, listing))
    commands.offer(Command("own", "Mine", At.OWN, Who.OWNER, fail))


async def call(
    client: Client, node: str, session: str = "", action: str = "", form: str = "",
    to: str | None = DOMAIN,
) -> Element:  # fmt: skip
    attributes = "".join(
        f" {name}='{value}'"
        for name, value in (("node", node), ("sessionid", session), ("action", action))
        if value
    )
    return await client.ask("set", f"<command xmlns='{NS}'{attributes}>{form}</command>", to)


def filled(**values: str) -> str:
    fields = "".join(
        f"<field var='{var}'><value>{value}</value></field>" for var, value in values.items()
    )
    return f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"


def specific(answer: Element) -> tuple[str, str]:
    error = answer.find("{jabber:client}error")
    assert error is not None
    found = [child.tag.removeprefix(C) for child in error if child.tag.startswith(C)]
    return condition(answer), found[0] if found else ""


async def admin(scene: Scene) -> Client:
    offer(scene)
    return await scene.login("juliet", "balcony")


def opened(tmp_path: Path) -> AbstractAsyncContextManager[Scene]:
    return open_stage(tmp_path, server={"domains": [DOMAIN], "admins": [ADMIN]})


async def test_who_asks_sees_what_is_for_him(tmp_path: Path) -> None:
    items = f"<query xmlns='http://jabber.org/protocol/disco#items' node='{NS}'/>"
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        romeo = await scene.login("romeo", "orchard")
        for client, nodes in ((juliet, {"config", "list"}), (romeo, {"list"})):
            (query,) = await client.ask("get", items, DOMAIN)
            assert nodes <= {item.get("node") for item in query}
            assert all(item.get("jid") == DOMAIN and item.get("name") for item in query)
        (query,) = await romeo.ask("get", items)
        assert "own" in {item.get("node") for item in query}
        assert condition(await romeo.ask("get", items, ADMIN)) in ("", "item-not-found")
        (query,) = await romeo.ask("get", f"<query xmlns='{info.NS}' node='{NS}'/>", DOMAIN)
        assert info.parse(query).identities[0].type == "command-list"


async def test_a_command_says_what_it_is(tmp_path: Path) -> None:
    ask = f"<query xmlns='{info.NS}' node='config'/>"
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        (query,) = await juliet.ask("get", ask, DOMAIN)
        said = info.parse(query)
        assert said.identities == (
            info.Identity("automation", "command-node", name="Configure Service"),
        )
        assert said.features == (NS, "jabber:x:data")
        romeo = await scene.login("romeo", "orchard")
        assert condition(await romeo.ask("get", ask, DOMAIN)) == "forbidden"
        (query,) = await romeo.ask("get", f"<query xmlns='{info.NS}'/>", DOMAIN)
        assert NS in info.parse(query).features


async def test_simple_execution(tmp_path: Path) -> None:
    """§2.4.1."""
    async with opened(tmp_path) as scene:
        await admin(scene)
        romeo = await scene.login("romeo", "orchard")
        (command,) = await call(romeo, "list", action="execute")
        assert (command.get("status"), command.get("node")) == ("completed", "list")
        assert command.get("sessionid")
        assert command[0].get("type") == "result"
        assert (command[1].get("type"), command[1].text) == ("warn", "Two")


async def test_stages_forward_and_back(tmp_path: Path) -> None:
    """§2.4.2."""
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        (command,) = await call(juliet, "config")
        name = command.get("sessionid") or ""
        assert command.get("status") == "executing"
        assert command[0].get("execute") == "next"
        assert [each.tag for each in command[0]] == [f"{C}next"]
        (command,) = await call(juliet, "config", name, form=filled(service="httpd"))
        assert command[0].get("execute") == "complete"
        assert [each.tag for each in command[0]] == [f"{C}prev", f"{C}complete"]
        (command,) = await call(juliet, "config", name, "prev")
        assert command[0].get("execute") == "next"
        await call(juliet, "config", name, "next", filled(service="jabberd"))
        (command,) = await call(juliet, "config", name, "complete", filled(state="1"))
        assert command.get("status") == "completed"
        assert command.findtext(f"{C}note") == "Service 'jabberd' has been configured."
        answer = await call(juliet, "config", name, form=filled(state="1"))
        assert specific(answer) == ("not-allowed", "session-expired")


async def test_cancelled(tmp_path: Path) -> None:
    """§2.4.3."""
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        (command,) = await call(juliet, "config")
        name = command.get("sessionid") or ""
        (command,) = await call(juliet, "config", name, "cancel")
        assert (command.get("status"), command.get("sessionid")) == ("canceled", name)
        answer = await call(juliet, "config", name, "next", filled(service="httpd"))
        assert specific(answer) == ("not-allowed", "session-expired")


async def test_what_fails_says_so(tmp_path: Path) -> None:
    """§3.6."""
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        (command,) = await call(juliet, "own", to=None)
        note = command.find(f"{C}note")
        assert note is not None
        assert (note.get("type"), note.text) == ("error", "It did not work")


@pytest.mark.parametrize(
    ("action", "form", "expected"),
    [
        ("dance", "", "malformed-action"),
        ("complete", filled(service="httpd"), "bad-action"),
        ("prev", "", "bad-action"),
        ("next", "", "bad-payload"),
        ("next", filled(service=""), "bad-payload"),
        ("next", filled(service="telnetd"), "bad-payload"),
        ("next", "<x xmlns='jabber:x:data' type='result'/>", "bad-payload"),
        ("next", "<x xmlns='jabber:x:data'/>", "bad-payload"),
    ],
)
async def test_refusals(tmp_path: Path, action: str, form: str, expected: str) -> None:
    """§4.4."""
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        (command,) = await call(juliet, "config")
        name = command.get("sessionid") or ""
        assert specific(await call(juliet, "config", name, action, form)) == (
            "bad-request",
            expected,
        )
        # Whoever erred may try again.
        (command,) = await call(juliet, "config", name, "next", filled(service="httpd"))
        assert command.get("status") == "executing"


async def test_sessions_belong_to_one_client_and_one_command(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        other = await scene.login("juliet", "chamber")
        (command,) = await call(juliet, "config")
        name = command.get("sessionid") or ""
        for answer in (
            await call(other, "config", name, form=filled(service="httpd")),
            await call(juliet, "list", name),
            await call(juliet, "config", "invented"),
        ):
            assert specific(answer) == ("bad-request", "bad-sessionid")


async def test_a_session_ends_by_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        (command,) = await call(juliet, "config")
        scene.clock.advance(PATIENCE + 1)
        answer = await call(juliet, "config", command.get("sessionid") or "")
        assert specific(answer) == ("not-allowed", "session-expired")


async def test_sessions_are_bounded(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        names = []
        for _ in range(PER_USER + 1):
            (command,) = await call(juliet, "config")
            names.append(command.get("sessionid") or "")
        assert len(set(names)) == PER_USER + 1
        answer = await call(juliet, "config", names[0], "cancel")
        assert specific(answer) == ("not-allowed", "session-expired")
        (command,) = await call(juliet, "config", names[1], "cancel")
        assert command.get("status") == "canceled"


async def test_commands_are_not_for_everybody(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        juliet = await admin(scene)
        romeo = await scene.login("romeo", "orchard")
        assert specific(await call(romeo, "config")) == ("forbidden", "")
        assert specific(await call(juliet, "nothing")) == ("item-not-found", "")
        assert specific(await call(juliet, "own")) == ("item-not-found", "")
        # Neither the command nor the account can be told from one that is not there.
        for to in (ADMIN, f"nobody@{DOMAIN}"):
            assert specific(await call(romeo, "own", to=to)) == ("forbidden", "")


async def test_two_commands_of_one_name_are_a_mistake_of_ours(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        offer(scene)
        with pytest.raises(LookupError):
            offer(scene)


async def test_the_own_account_is_meant_with_its_address_and_without(tmp_path: Path) -> None:
    async with opened(tmp_path) as scene:
        juliet = await scene.login("juliet", "balcony")
        scene.host.service("commands").offer(Command("mine", "Mine", At.OWN, Who.OWNER, pick))
        (command,) = await call(juliet, "mine", to=None)
        name = command.get("sessionid") or ""
        (command,) = await call(juliet, "mine", name, form=filled(service="httpd"), to=ADMIN)
        assert command.get("status") == "executing"
