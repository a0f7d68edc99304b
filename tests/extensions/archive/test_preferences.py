"""XEP-0441: what an owner wants archived."""

from pathlib import Path

import pytest

from tests.extensions.archive.test_archive import ask, query
from tests.extensions.stage import DOMAIN, condition, open_stage

NS = "{urn:xmpp:mam:2}"
GET = "<prefs xmlns='urn:xmpp:mam:2'/>"


def wishes(default: str, always: str = "", never: str = "") -> str:
    return (
        f"<prefs xmlns='urn:xmpp:mam:2' default='{default}'>"
        f"<always>{always}</always><never>{never}</never></prefs>"
    )


async def test_everything_is_archived_at_first(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        (prefs,) = await romeo.ask("get", GET)
        assert prefs.get("default") == "always"
        assert [child.tag for child in prefs] == [f"{NS}always", f"{NS}never"]


async def test_wishes_are_kept_and_obeyed(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        wanted = wishes("never", f"<jid>Juliet@{DOMAIN}</jid>", "<jid>x@y.example</jid>")
        for type_, payload in (("set", wanted), ("get", GET)):
            (prefs,) = await romeo.ask(type_, payload)
            assert prefs.get("default") == "never"
            assert prefs.findtext(f"{NS}always/{NS}jid") == f"juliet@{DOMAIN}"
            assert prefs.findtext(f"{NS}never/{NS}jid") == "x@y.example"
        for name in ("juliet", "mercutio"):
            await stage.account(name)
            await romeo.send(
                f"<message type='chat' to='{name}@{DOMAIN}'><body>to {name}</body></message>"
            )
        assert (await ask(romeo, query())).bodies == ["to juliet"]
        stage.host.accounts.forget(romeo.session.account)
        account = await stage.host.accounts.load(romeo.jid.bare)
        assert account is not None
        assert account.preferences.policy == "never"


@pytest.mark.parametrize(
    ("payload", "refusal"),
    [
        (wishes("sometimes"), "bad-request"),
        (wishes("roster", "<jid>@</jid>"), "jid-malformed"),
        (wishes("roster", "<jid>a@b.example</jid>" * 1001), "policy-violation"),
        ("<prefs xmlns='urn:xmpp:mam:2'/>", "bad-request"),
    ],
)
async def test_malformed_wishes(tmp_path: Path, payload: str, refusal: str) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        assert condition(await romeo.ask("set", payload)) == refusal
