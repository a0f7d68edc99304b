"""XEP-0077: accounts made, given a new password, deleted."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from lxml import etree

from extensions.registration import Registration
from server.element import Element
from server.jid import JID
from server.moments import AccountDeleted
from server.sasl.keys import password_matches
from server.stanza import qualify
from server.storage import accounts
from tests.extensions.stage import DOMAIN, FakeStream, Stage, condition, open_stage
from tests.harness.house import CORE, Client, House
from tests.harness.loop import settle

if TYPE_CHECKING:
    from server.c2s.stream import ClientStream

NS = "{jabber:iq:register}"
GET = "<query xmlns='jabber:iq:register'/>"
IQ = "{jabber:client}iq"
ERROR = "{http://etherx.jabber.org/streams}error"
NOT_AUTHORIZED = "{urn:ietf:params:xml:ns:xmpp-streams}not-authorized"
REMOVE = "<query xmlns='jabber:iq:register'><remove/></query>"
OPEN: dict[str, Any] = {"enabled": True, "pause": "10m"}


def wish(username: str, password: str) -> str:
    return (
        f"<query xmlns='jabber:iq:register'><username>{username}</username>"
        f"<password>{password}</password></query>"
    )


class Stranger(FakeStream):
    """A client that has not logged in."""

    def __init__(self, stage: Stage, peer: str = "192.0.2.1") -> None:
        super().__init__()
        self._stage = stage
        self.state: dict[str, object] | None = None
        self.connection = SimpleNamespace(peer=peer)

    async def ask(self, type_: str, payload: str) -> Element:
        element = etree.fromstring(
            f"<iq xmlns='jabber:client' type='{type_}' id='r&lt;1'>{payload}</iq>"
        )
        handler = self._stage.host.tables.early[element[0].tag]
        pending = handler(cast("ClientStream", self), element)
        if pending is not None:
            await pending
        answer = etree.fromstring(qualify(self.written.pop()))
        assert answer.get("id") == "r<1"
        return answer


async def test_strangers_may_register_only_where_it_is_switched_on(tmp_path: Path) -> None:
    async with open_stage(tmp_path, invitations={"accounts": "nobody"}) as stage:
        assert stage.host.tables.early == {}
        assert stage.host.tables.open_features == []


async def test_a_stranger_registers(tmp_path: Path) -> None:
    async with open_stage(tmp_path, registration=OPEN) as stage:
        feature = b"<register xmlns='http://jabber.org/features/iq-register'/>"
        assert feature in stage.host.tables.open_features
        stranger = Stranger(stage)
        (query,) = await stranger.ask("get", GET)
        assert [child.tag for child in query][1:] == [f"{NS}username", f"{NS}password"]
        assert condition(await stranger.ask("set", wish("Bill", "Calliope"))) == ""
        row = await accounts.find_account(stage.server.database, JID.of(f"bill@{DOMAIN}"))
        assert row is not None
        assert password_matches("Calliope", row.credentials["sha256"])
        again = await stranger.ask("set", wish("will", "Calliope"))
        assert condition(again) == "not-acceptable"


async def test_one_place_registers_once_in_a_while(tmp_path: Path) -> None:
    async with open_stage(tmp_path, registration=OPEN) as stage:
        await stage.account("bill")
        taken = await Stranger(stage).ask("set", wish("bill", "x"))
        assert condition(taken) == "conflict"
        assert condition(await Stranger(stage).ask("set", wish("will", "x"))) == ""
        soon = await Stranger(stage).ask("set", wish("jill", "x"))
        assert condition(soon) == "resource-constraint"
        assert condition(await Stranger(stage, "198.51.100.7").ask("set", wish("jill", "x"))) == ""
        stage.clock.advance(601)
        assert condition(await Stranger(stage).ask("set", wish("phil", "x"))) == ""


@pytest.mark.parametrize(
    ("type_", "payload", "refusal"),
    [
        ("set", wish("", "x"), "not-acceptable"),
        ("set", wish("bill", ""), "not-acceptable"),
        ("set", GET, "not-acceptable"),
        ("set", wish("a@b", "x"), "not-acceptable"),
        ("set", wish("a/b", "x"), "not-acceptable"),
        ("set", wish("a b", "x"), "not-acceptable"),
        ("set", wish("n" * 1024, "x"), "not-acceptable"),
        ("set", wish("bill", "a&#x7;".replace("&#x7;", "\u0080")), "not-acceptable"),
        ("result", wish("bill", "x"), "bad-request"),
    ],
)
async def test_refused_wishes(tmp_path: Path, type_: str, payload: str, refusal: str) -> None:
    async with open_stage(tmp_path, registration=OPEN) as stage:
        stranger = Stranger(stage)
        assert condition(await stranger.ask(type_, payload)) == refusal
        assert condition(await stranger.ask("set", wish("bill", "Calliope"))) == ""


async def test_a_name_that_is_taken_costs_no_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(tmp_path, registration=OPEN) as stage:
        await stage.account("bill")
        made: list[str] = []
        monkeypatch.setattr(
            "extensions.registration.accounts.derive_credentials", lambda *each: made.append("")
        )
        answer = await Stranger(stage).ask("set", wish("bill", "Calliope"))
        assert condition(answer) == "conflict"
        assert not made


async def test_a_user_sees_what_is_on_file(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        for to in (None, DOMAIN):
            (query,) = await romeo.ask("get", GET, to)
            assert query.find(f"{NS}registered") is not None
            assert query.findtext(f"{NS}username") == "romeo"
            assert query.findtext(f"{NS}password") == ""


async def test_a_user_changes_the_password(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        await stage.account("juliet")
        other = await stage.login("romeo", "lost")
        assert condition(await romeo.ask("set", wish("romeo", "newpass"), DOMAIN)) == ""
        assert other.stream.is_closed
        assert password_matches("newpass", romeo.session.account.credentials["sha1"])
        row = await accounts.find_account(stage.server.database, romeo.jid.bare)
        assert row is not None
        assert password_matches("newpass", row.credentials["sha512"])
        for payload, refusal in (
            (wish("juliet", "newpass"), "forbidden"),
            (wish("romeo", ""), "not-acceptable"),
        ):
            assert condition(await romeo.ask("set", payload)) == refusal
        assert password_matches("newpass", romeo.session.account.credentials["sha1"])
        assert not romeo.stream.is_closed


async def test_password_changes_can_be_switched_off(tmp_path: Path) -> None:
    async with open_stage(tmp_path, registration={"password_change": False}) as stage:
        romeo = await stage.login("romeo", "orchard")
        assert condition(await romeo.ask("set", wish("romeo", "newpass"))) == "not-allowed"


async def befriend(one: Client, other: Client) -> None:
    for subscriber, contact in ((one, other), (other, one)):
        await subscriber.send(f"<presence type='subscribe' to='{contact.jid.bare}'/>")
        await contact.send(f"<presence type='subscribed' to='{subscriber.jid.bare}'/>")


async def test_an_account_is_deleted_by_its_owner() -> None:
    """§3.2: subscriptions are cancelled, the answer comes, then all sessions end."""
    async with House((*CORE, Registration)) as house:
        romeo, tablet = await house.online("romeo/orchard"), await house.online("romeo/tablet")
        juliet, rosaline = await house.online("juliet/1"), await house.online("rosaline/1")
        await befriend(romeo, juliet)
        await romeo.send(f"<presence type='subscribe' to='{rosaline.jid.bare}'/>")
        gone: list[AccountDeleted] = []
        host = house.server.hosts["example.org"]
        host.tables.moments[AccountDeleted] = (gone.append,)
        account = romeo.session.account
        for client in (romeo, tablet, juliet, rosaline):
            client.take_all()
        await romeo.send(f"<iq type='set' id='1'>{REMOVE}</iq>")
        answers = [each for each in romeo.take_all() if not each.get("id", "").startswith("push")]
        assert [each.tag for each in answers][-2:] == [IQ, ERROR]
        assert (answers[-2].get("type"), answers[-1][0].tag) == ("result", NOT_AUTHORIZED)
        assert tablet.take_all()[-1][0].tag == NOT_AUTHORIZED
        told = {(each.get("type"), each.get("from")) for each in juliet.take_all()
                if each.tag.endswith("presence")}  # fmt: skip
        bare = str(romeo.jid.bare)
        assert {("unsubscribe", bare), ("unsubscribed", bare)} <= told
        state = juliet.session.account.roster.state(romeo.jid.bare)
        assert state.subscription == "none"
        assert [each.get("type") for each in rosaline.take_all()] == ["unsubscribe"]
        assert [moment.account for moment in gone] == [account]
        assert await host.accounts.load(romeo.jid.bare) is None
        assert house.server.sessions.count == 2


async def test_an_account_is_deleted_once() -> None:
    """Two devices at the same time: for the later one there is none any more."""
    async with House((*CORE, Registration)) as house:
        romeo, tablet = await house.online("romeo/orchard"), await house.online("romeo/tablet")
        house.database.hold()
        for client in (romeo, tablet):
            client.say(f"<iq type='set' id='1'>{REMOVE}</iq>")
        await settle()
        house.database.release()
        await house.settle()
        assert [romeo.is_closed, tablet.is_closed] == [True, True]
        assert house.server.sessions.count == 0


async def test_removal_stands_alone(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        payload = REMOVE.replace("<remove/>", "<remove/><username>romeo</username>")
        assert condition(await romeo.ask("set", payload)) == "bad-request"
        assert await stage.host.accounts.load(romeo.jid.bare) is not None


async def test_a_stranger_becomes_a_user_on_one_stream() -> None:
    async with House((*CORE, Registration), config={"registration": OPEN}) as house:
        client = house.connect()
        features = await client.open()
        assert features.find("{http://jabber.org/features/iq-register}register") is not None
        await client.send(f"<iq type='set' id='1'>{wish('bill', 'Calliope')}</iq>")
        await client.expect("<iq type='result' id='1'/>")
        bill = house.connect()
        await bill.login(JID.of("bill@example.org"), "globe", "Calliope")
        await bill.send(f"<iq type='set' id='2'>{REMOVE}</iq>")
        await bill.expect("<iq type='result' id='2'/>")
        assert not bill.line.is_open
