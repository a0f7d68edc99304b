"""Stream management on client streams (XEP-0198 1.6.3)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from server.extension import Extension, Outbound, Phase, Verdict
from server.stream.management import REQUEST_EVERY, WRAP
from tests.harness import sasl2
from tests.harness.house import CORE, House
from tests.harness.loop import settle
from tests.harness.talk import (
    SM,
    STREAMS,
    ask,
    authenticate,
    bind,
    connect,
    enable,
    expect_end,
    header,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.errors import StanzaError
    from server.extension import Wire
    from server.session import Session
    from server.stanza import Stanza
    from tests.harness.house import Client

R = f"<r xmlns='{SM}'/>"
RESUMED = f"<resumed xmlns='{SM}'/>"


def failed(condition: str, h: str = "") -> str:
    return (
        f"<failed xmlns='{SM}' h='{h}'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        "</failed>"
    )


def acked(h: int | str) -> str:
    return f"<a xmlns='{SM}' h='{h}'/>"


def said(text: str, sender: str = "ben@example.org/b") -> str:
    return f"<message from='{sender}'><body>{text}</body></message>"


def message(text: str, to: str = "anna@example.org") -> str:
    return f"<message type='chat' to='{to}'><body>{text}</body></message>"


async def managed(house: House, name: str = "anna/a", resume: bool = True) -> tuple[Client, str]:
    """A client that is online with stream management, and the name of its session."""
    client = await house.online(name)
    enabled = await enable(client, resume)
    return client, enabled.get("id", "")


async def resume(house: House, name: str, previd: str, h: int | str = 0) -> Client:
    """A new connection that asks for the session; the answer is in its inbox."""
    client = await authenticate(house, name)
    await client.send(f"<resume xmlns='{SM}' previd='{previd}' h='{h}'/>")
    return client


async def make_known(house: House, name: str) -> None:
    """Let the server have the account in memory, so that nobody waits for it."""
    assert await house.server.hosts["example.org"].accounts.load(await house.add_user(name))


# -- enabling (§3) --


async def test_enabling_without_resumption() -> None:
    async with House() as house:
        client = await house.login("anna/a")
        enabled = await enable(client, resume=False)
        assert enabled.get("resume") in (None, "false")


@pytest.mark.parametrize("word", ["true", "1"])
async def test_enabling_with_resumption(word: str) -> None:
    """§5: "it MUST include a 'resume' attribute … and MUST include an 'id'"; §3: max, location."""
    async with House(config={"stream_management": {"resume_timeout": "7m"}}) as house:
        client = await house.login("anna/a")
        await client.send(f"<enable xmlns='{SM}' resume='{word}' max='60'/>")
        enabled = await client.expect(f"<enabled xmlns='{SM}' resume='true' id='…' max='420'/>")
        assert 16 <= len(enabled.get("id", "")) <= 4000
        assert enabled.get("location") is None


async def test_names_of_sessions_are_unpredictable() -> None:
    """§10: who can guess one might hijack the session; §5: never used twice."""
    async with House() as house:
        names = {(await managed(house, f"anna/{n}"))[1] for n in range(5)}
        assert len(names) == 5
        assert min(map(len, names)) >= 22  # 128 bits


async def test_no_resumption_where_the_operator_allows_none() -> None:
    async with House(config={"stream_management": {"resume_timeout": "0"}}) as house:
        _, name = await managed(house)
        assert name == ""


async def test_enabling_twice() -> None:
    """§3: "a client SHALL only make at most one attempt"."""
    async with House() as house:
        client, _ = await managed(house)
        await client.send(f"<enable xmlns='{SM}'/>")
        await client.expect(failed("unexpected-request"))


async def test_enabling_before_binding() -> None:
    """§3: "The server SHALL enforce this order and return a <failed/> element"."""
    async with House() as house:
        client = await authenticate(house, "anna")
        await client.send(f"<enable xmlns='{SM}'/>")
        await client.expect(failed("unexpected-request"))
        assert (await bind(client)).get("type") == "result"


@pytest.mark.parametrize("word", ["enable", "resume"])
async def test_before_login(word: str) -> None:
    """§3, §10: not until the client has authenticated."""
    async with House() as house:
        _, name = await managed(house)
        client = await connect(house)
        await client.send(f"<{word} xmlns='{SM}' previd='{name}' h='0'/>")
        await client.expect(failed("unexpected-request"))
        assert client.stream.session is None


async def test_resuming_after_binding() -> None:
    """§6: "the server MUST return a <failed/> element"."""
    async with House() as house:
        old, name = await managed(house)
        client = await house.login("anna/b")
        await client.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await client.expect(failed("unexpected-request"))
        assert old.line.is_open


# -- acknowledging what came from the client (§4) --


async def test_counting_begins_with_enable() -> None:
    """§4: "The value of 'h' starts at zero at the point stream management is enabled"."""
    async with House() as house:
        client, _ = await managed(house)
        assert await ask(client) == 0


async def test_stanzas_are_counted_and_nothing_else() -> None:
    """§1: nonzas "are not counted or acked"; §4: "equal to the number of stanzas handled"."""
    async with House() as house:
        client, _ = await managed(house)
        await client.send(message("to myself") + "<presence/>")
        await client.send("<iq type='get' id='1'><q xmlns='urn:example:q'/></iq>" + R + R)
        client.take_all()
        assert await ask(client) == 3


async def test_refused_stanzas_are_handled_too() -> None:
    async with House() as house:
        client, _ = await managed(house)
        await client.send("<message to='a@b@c'/>" + message("hi", "nobody@example.org"))
        client.take_all()
        assert await ask(client) == 2


async def test_stanzas_sent_before_enabled_came() -> None:
    """§4: the client counts from its <enable/> on, and need not wait for the answer."""
    async with House() as house:
        client = await house.online("anna/a")
        await client.send(f"<enable xmlns='{SM}'/><presence><status>a</status></presence>" + R)
        await client.expect_all(f"<enabled xmlns='{SM}'/>", acked(1), "<presence/>")


async def test_the_counter_wraps() -> None:
    """§4: "'h' SHALL be reset from 2^32-1 back to zero"."""
    async with House() as house:
        client, _ = await managed(house)
        client.session.handled = WRAP - 2
        await client.send("<presence/>" + R + "<presence/>" + R + "<presence/>" + R)
        counts = [e.get("h") for e in client.take_all() if e.tag == f"{{{SM}}}a"]
        assert counts == [str(WRAP - 1), "0", "1"]


async def test_asking_without_stream_management() -> None:
    async with House() as house:
        client = await house.login("anna/a")
        await client.send(R + acked(5))
        await client.expect_nothing()
        assert client.line.is_open


# -- acknowledging what came from the server (§4, §6) --


async def test_the_server_asks_after_some_stanzas() -> None:
    async with House() as house:
        anna, _ = await managed(house)
        ben = await house.online("ben/b")
        for number in range(REQUEST_EVERY):
            await ben.send(message(str(number)))
        tags = [element.tag for element in anna.take_all()]
        assert tags.count(f"{{{SM}}}r") == 1
        assert len(anna.session.outbox.queue) == REQUEST_EVERY  # type: ignore[union-attr]
        await anna.send(acked(REQUEST_EVERY))
        assert not anna.session.outbox.queue  # type: ignore[union-attr]


async def test_the_server_asks_after_a_while() -> None:
    async with House() as house:
        anna, _ = await managed(house)
        ben = await house.online("ben/b")
        await ben.send(message("hi"))
        await anna.expect(said("hi"))
        await anna.expect_nothing()
        house.clock.advance(2)
        await anna.expect(R)
        house.clock.advance(2)
        await anna.expect_nothing()  # once is enough


async def test_who_does_not_answer_has_lost_the_connection() -> None:
    async with House() as house:
        anna, name = await managed(house)
        ben = await house.online("ben/b")
        await ben.send(message("hi"))
        for _ in range(3):
            house.clock.advance(40)
            await house.settle()
        assert not anna.line.is_open
        again = await resume(house, "anna", name)
        await again.expect(RESUMED)
        await again.expect(said("hi"))


@pytest.mark.parametrize("h", [1, 5, WRAP - 1])
async def test_more_acknowledged_than_sent(h: int) -> None:
    """§6: undefined-condition with <handled-count-too-high/>, and the stream is closed."""
    async with House() as house:
        client, name = await managed(house)
        await client.send(acked(h))
        found = await expect_end(client, "undefined-condition")
        detail = found.find(f"{{{SM}}}handled-count-too-high")
        assert detail is not None
        assert (detail.get("h"), detail.get("send-count")) == (str(h), "0")
        again = await resume(house, "anna", name)
        await again.expect(failed("item-not-found", "0"))


@pytest.mark.parametrize("h", ["", "-1", "1e3", "x", "4294967296", "99999999999", "٣"])
async def test_what_is_no_counter(h: str) -> None:
    async with House() as house:
        client, _ = await managed(house)
        await client.send(acked(h))
        assert (await client.next()).tag == "{http://etherx.jabber.org/streams}error"
        assert not client.line.is_open


async def test_an_acknowledgement_without_counter() -> None:
    """§4: "An <a/> element MUST possess an 'h' attribute"."""
    async with House() as house:
        client, _ = await managed(house)
        await client.send(f"<a xmlns='{SM}'/>")
        await expect_end(client, "bad-format")


async def test_going_back_is_too_much() -> None:
    """Counters only grow: less than last time is 2³² minus a few more."""
    async with House() as house:
        anna, _ = await managed(house)
        ben = await house.online("ben/b")
        await ben.send(message("1") + message("2"))
        anna.take_all()
        await anna.send(acked(2) + acked(1))
        await expect_end(anna, "undefined-condition")


async def test_too_much_that_nobody_acknowledges() -> None:
    """A bounded queue: beyond it the connection ends, and what is stored goes back to pending."""
    async with House(config={"stream_management": {"max_unacked": 50}}) as house:
        anna, name = await managed(house)
        ben = await house.online("ben/b")
        for number in range(51):
            await ben.send(message(str(number)))
        house.clock.advance(1)
        await house.settle()
        texts = [e.findtext("{jabber:client}body") for e in anna.take_all()]
        assert not anna.line.is_open
        assert "50" in texts
        again = await resume(house, "anna", name)
        assert (await again.next()).tag == f"{{{SM}}}failed"
        later = await house.login("anna/a")
        await later.send("<presence/>")
        bodies = [e.findtext("{jabber:client}body") for e in later.take_all()]
        assert [b for b in bodies if b] == [str(number) for number in range(51)]


# -- resuming (§5) --


async def test_resuming() -> None:
    """§5: <resumed/> with previd and h; what was not handled is sent again, in order."""
    async with House() as house:
        anna, name = await managed(house)
        ben = await house.online("ben/b")
        await anna.send("<presence/>")
        anna.take_all()
        await ben.send(message("1") + message("2"))
        await anna.expect(said("1"))
        anna.vanish()
        await ben.send(message("3"))
        again = await resume(house, "anna", name, 2)  # her own presence, and "1"
        await again.expect(f"<resumed xmlns='{SM}' previd='{name}' h='1'/>")
        await again.expect(said("2"))
        await again.expect(said("3"))
        await again.expect(R)
        await again.send(acked(4))
        await ben.send(message("4"))
        await again.expect(said("4"))
        await again.send("<presence/>")
        again.take_all()
        assert await ask(again) == 2  # "The sequence values are carried over"


async def test_what_is_sent_again_says_when_it_came() -> None:
    """XEP-0203: a device that was cut off for minutes shows when messages were sent."""
    async with House() as house:
        anna, name = await managed(house)
        ben = await house.online("ben/b")
        await anna.send("<presence/>")
        anna.take_all()
        anna.vanish()
        await ben.send(message("1") + "<presence to='anna@example.org/a'/>")
        then = house.clock.utcnow()
        for h in (1, 1):  # her own presence
            house.clock.advance(120)
            anna = await resume(house, "anna", name, h)
            await anna.expect(f"<resumed xmlns='{SM}'/>")
            late = await anna.expect(said("1"))
            (delay,) = late.iter("{urn:xmpp:delay}delay")
            assert delay.get("from") == "example.org"
            stamp = datetime.fromisoformat(delay.get("stamp", ""))
            assert abs(stamp.timestamp() - then) < 1
            assert (await anna.expect("<presence/>")).find("{urn:xmpp:delay}delay") is None
            anna.vanish()


async def test_a_page_of_the_archive_has_no_other_time_when_it_is_sent_again() -> None:
    async with House() as house:
        anna, name = await managed(house)
        page = "<message><result xmlns='urn:xmpp:mam:2' id='1'/></message>"
        account = house.server.hosts["example.org"].accounts.online(anna.jid.bare)
        assert account is not None
        account.sessions[anna.jid.resource].send(page.encode(), -1)
        anna.vanish()
        anna = await resume(house, "anna", name, 0)
        await anna.expect(f"<resumed xmlns='{SM}'/>")
        again = await anna.expect(page)
        assert again.find("{urn:xmpp:delay}delay") is None


async def test_nobody_notices_a_resumption() -> None:
    """§5: "this state will have been retained by the server"."""
    async with House() as house:
        other = await house.online("anna/other")
        anna, name = await managed(house)
        other.take_all()
        anna.vanish()
        await house.settle()
        house.clock.advance(60)
        again = await resume(house, "anna", name, 0)
        await again.expect(RESUMED)
        await other.expect_nothing()
        assert again.session.is_available
        assert again.session.interested


async def test_resuming_over_a_connection_that_was_not_missed() -> None:
    """§5: "the server SHOULD send a 'conflict' stream error and close that stream"."""
    async with House() as house:
        anna, name = await managed(house)
        again = await resume(house, "anna", name)
        await again.expect(RESUMED)
        await expect_end(anna, "conflict")
        ben = await house.online("ben/b")
        await ben.send(message("hi"))
        await again.expect(said("hi"))
        anna.vanish()  # its end is no news
        await house.settle()
        assert again.session.stream is again.stream


async def test_resuming_again_and_again() -> None:
    async with House() as house:
        anna, name = await managed(house)
        ben = await house.online("ben/b")
        for round_ in range(3):
            anna.vanish()
            await ben.send(message(str(round_)))
            anna = await resume(house, "anna", name, round_)
            await anna.expect(RESUMED)
            await anna.expect(said(str(round_)))
            await anna.expect(R)


async def test_an_unknown_session() -> None:
    """§5: item-not-found, "and the server SHOULD allow the client to bind a resource"."""
    async with House() as house:
        client = await resume(house, "anna", "nonsense")
        await client.expect(failed("item-not-found"))
        assert (await bind(client)).get("type") == "result"
        await enable(client)


async def test_the_session_of_another() -> None:
    """§10: nobody may resume what is not his, nor learn anything about it."""
    async with House() as house:
        anna, name = await managed(house)
        await anna.send("<presence/>")
        ben = await resume(house, "ben", name)
        await ben.expect(failed("item-not-found"))
        assert anna.line.is_open
        await anna.close()
        late = await resume(house, "ben", name)
        await late.expect(failed("item-not-found"))


async def test_the_session_of_the_same_name_on_another_host() -> None:
    async with House(domains=["example.org", "example.net"]) as house:
        _, name = await managed(house)
        stranger = await authenticate(house, "anna", "example.net")
        await stranger.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await stranger.expect(failed("item-not-found"))


@pytest.mark.parametrize("h", ["", "x", "-1", "4294967296"])
async def test_resuming_without_a_counter(h: str) -> None:
    """§5: "MUST include an 'h' attribute"; §6: <failed/>. The session still waits."""
    async with House() as house:
        anna, name = await managed(house)
        anna.vanish()
        client = await resume(house, "anna", name, h)
        assert (await client.next()).tag == f"{{{SM}}}failed"
        await client.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await client.expect(RESUMED)


async def test_resuming_with_too_high_a_counter() -> None:
    """§5, §6: 'h' is "as … on an <a/> element"."""
    async with House() as house:
        anna, name = await managed(house)
        anna.vanish()
        client = await resume(house, "anna", name, 3)
        found = await expect_end(client, "undefined-condition")
        assert found.find(f"{{{SM}}}handled-count-too-high") is not None


async def test_a_clean_end_ends_the_session() -> None:
    """§7: "a cleanly closed stream differs from an unfinished stream"; unavailable is sent."""
    async with House() as house:
        other = await house.online("anna/other")
        anna, name = await managed(house)
        other.take_all()
        await anna.send("<presence/>")
        other.take_all()
        await anna.close()
        await other.expect("<presence type='unavailable' from='anna@example.org/a'/>")
        client = await resume(house, "anna", name)
        await client.expect(failed("item-not-found", "1"))


async def test_without_resume_a_lost_connection_ends_the_session() -> None:
    async with House() as house:
        other = await house.online("anna/other")
        anna, _ = await managed(house, resume=False)
        other.take_all()
        anna.vanish()
        await other.expect("<presence type='unavailable' from='anna@example.org/a'/>")


async def test_too_late() -> None:
    """§5: "the server MAY also include a 'h' attribute", for what was handled until then."""
    async with House(config={"stream_management": {"resume_timeout": "5m"}}) as house:
        other = await house.online("anna/other")
        anna, name = await managed(house)
        await anna.send("<presence/><presence/>")
        other.take_all()
        anna.vanish()
        for advance in (0, 299):
            house.clock.advance(advance)
            await other.expect_nothing()
        house.clock.advance(2)
        await other.expect("<presence type='unavailable' from='anna@example.org/a'/>")
        client = await resume(house, "anna", name)
        await client.expect(failed("item-not-found", "2"))


async def test_what_a_session_leaves_behind_is_not_lost() -> None:
    """§4: unacknowledged stanzas go to "offline storage", with "the original … timestamp"."""
    async with House(config={"stream_management": {"resume_timeout": "5m"}}) as house:
        anna, _ = await managed(house)
        ben = await house.online("ben/b")
        await ben.send(message("1") + message("2") + message("3"))
        await anna.send(acked(1))
        anna.vanish()
        house.clock.advance(600)
        await house.settle()
        later = await house.login("anna/later")
        await later.send("<presence/>")
        texts = [e for e in later.take_all() if e.tag.endswith("message")]
        assert [e.findtext("{jabber:client}body") for e in texts] == ["2", "3"]
        for element in texts:
            delay = element.find("{urn:xmpp:delay}delay")
            assert delay is not None
            assert delay.get("stamp", "").startswith("2023-11-14T22:13:20")


async def test_what_a_session_leaves_behind_goes_to_another_device() -> None:
    """§4: "delivery to an alternate resource", though not what that one has got already."""
    async with House(config={"stream_management": {"resume_timeout": "5m"}}) as house:
        anna, _ = await managed(house)
        ben = await house.online("ben/b")
        await ben.send(message("to a", "anna@example.org/a"))
        other, _ = await managed(house, "anna/other")
        await ben.send(message("to both"))
        await other.expect(said("to both"))
        await other.send(acked(1))
        anna.vanish()
        house.clock.advance(600)
        await other.expect("<presence type='unavailable' from='anna@example.org/a'/>")
        found = await other.expect(said("to a"))
        assert found.find("{urn:xmpp:delay}delay") is not None
        rest = [e for e in other.take_all() if e.tag.endswith("message")]
        assert not rest


async def test_requests_that_were_never_seen_are_answered() -> None:
    """§4: "by … returning an error to the sender"; RFC 6120 §8.2.3: each request is answered."""
    async with House(config={"stream_management": {"resume_timeout": "5m"}}) as house:
        anna, _ = await managed(house)
        ben = await house.online("ben/b")
        anna.vanish()
        await ben.send(
            "<iq type='get' id='q' to='anna@example.org/a'><q xmlns='urn:example:q'/></iq>"
        )
        await ben.expect_nothing()
        house.clock.advance(301)
        found = await ben.expect("<iq type='error' id='q' from='anna@example.org/a'/>")
        assert found.find("{jabber:client}error") is not None


async def test_a_new_binding_of_the_same_resource_ends_the_waiting_session() -> None:
    async with House() as house:
        anna, name = await managed(house)
        ben = await house.online("ben/b")
        anna.vanish()
        await ben.send(message("hi"))
        again = await house.login("anna/a")
        await again.send("<presence/>")
        assert [e for e in again.take_all() if e.findtext("{jabber:client}body") == "hi"]
        late = await resume(house, "anna", name)
        await late.expect(failed("item-not-found", "0"))


async def test_a_broken_stream_can_be_resumed() -> None:
    """§7: "If the stream is not cleanly closed then the server SHOULD … maintain the session"."""
    async with House() as house:
        anna, name = await managed(house)
        await anna.send("<presence/></wrong>")
        assert not anna.line.is_open
        client = await resume(house, "anna", name)
        await client.expect(f"<resumed xmlns='{SM}' h='1'/>")


# -- nothing is acknowledged before it is on disk --


async def test_acknowledgements_wait_for_the_disk() -> None:
    """§4: "handled" means that "the server has accepted responsibility for a stanza"."""
    async with House() as house:
        anna, _ = await managed(house)
        ben = await house.online("ben/b")
        house.database.hold()
        await anna.send(message("hi", "ben@example.org") + R)
        await ben.expect(said("hi", "anna@example.org/a"))  # delivery does not wait
        await anna.expect_nothing()
        house.database.release()
        await anna.expect(acked(1))


async def test_what_needs_no_disk_does_not_wait() -> None:
    async with House() as house:
        anna, _ = await managed(house)
        house.database.hold()
        await anna.send("<message to='ben@example.org' type='headline'/>" + R)
        counts = [e for e in anna.take_all() if e.tag == f"{{{SM}}}a"]
        assert [e.get("h") for e in counts] == ["1"]


async def test_each_answer_says_what_was_handled_when_it_was_asked() -> None:
    async with House() as house:
        anna, _ = await managed(house)
        await house.online("ben/b")
        house.database.hold()
        await anna.send(message("1", "ben@example.org") + R)
        await anna.send(message("2", "ben@example.org") + R)
        await anna.expect_nothing()
        house.database.release()
        await anna.expect(acked(1))
        await anna.expect(acked(2))


async def test_an_answer_that_comes_after_the_end() -> None:
    """RFC 6120 §4.4: nothing is sent after the closing tag."""
    async with House() as house:
        anna, _ = await managed(house)
        await house.online("ben/b")
        house.database.hold()
        anna.say(message("1", "ben@example.org") + R + "</stream:stream>")
        assert anna.is_closed
        house.database.release()
        await house.settle()
        assert anna.said.endswith(b"</stream:stream>")


async def test_resumption_waits_for_the_disk_too() -> None:
    """§5: 'h' in <resumed/> is an acknowledgement."""
    async with House() as house:
        anna, name = await managed(house)
        await house.online("ben/b")
        client = await authenticate(house, "anna")
        house.database.hold()
        await anna.send(message("hi", "ben@example.org"))
        anna.vanish()
        await client.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await client.expect_nothing()
        house.database.release()
        await client.expect(f"<resumed xmlns='{SM}' h='1'/>")


class Slow(Extension):
    """Looks at each message for as long as the test says."""

    name = "slow"

    def wires(self) -> Iterable[Wire]:
        yield Outbound(Phase.GUARD, self.see)

    def see(self, session: Session, stanza: Stanza) -> Verdict | None:
        if self.looked is not None:
            return None
        self.looked = asyncio.get_running_loop().create_future()
        return self.host.wait(stanza, self.looked)

    looked: asyncio.Future[StanzaError | None] | None = None


async def test_resumption_waits_for_what_is_still_looked_at() -> None:
    """§5: it is not handled yet, although it came; a crash now would lose it."""
    for by_sasl2 in (False, True):
        async with House((*CORE, Slow)) as house:
            slow = house.server.hosts["example.org"].service("slow")
            anna, name = await managed(house)
            ben = await house.online("ben/b")
            client = house.connect() if by_sasl2 else await authenticate(house, "anna")
            if by_sasl2:
                await client.open()
            anna.say(message("hi", "ben@example.org"))
            anna.vanish()
            asked = f"<resume xmlns='{SM}' previd='{name}' h='0'/>"
            client.say(sasl2.plain("anna", asked, agent=None) if by_sasl2 else asked)
            await settle()
            assert not client.inbox
            assert not ben.inbox
            slow.looked.set_result(None)
            await ben.expect(said("hi", "anna@example.org/a"))
            answer = await client.next()
            resumed = (
                answer if answer.tag == f"{{{SM}}}resumed" else answer.find(f"{{{SM}}}resumed")
            )
            assert resumed is not None
            assert resumed.get("h") == "1"


async def test_a_session_that_ends_over_a_stanza_says_nothing_of_it() -> None:
    async with House((*CORE, Slow)) as house:
        slow = house.server.hosts["example.org"].service("slow")
        anna, name = await managed(house)
        await house.online("ben/b")
        anna.say(message("hi", "ben@example.org"))
        anna.vanish()
        session = house.server.sessions.resumable(name)
        assert session is not None
        house.server.sessions.end(session)
        slow.looked.set_result(None)
        again = await resume(house, "anna", name)
        answer = await again.expect(f"<failed xmlns='{SM}'/>")
        assert answer.get("h") is None


async def test_two_resume_while_the_disk_is_busy() -> None:
    async with House() as house:
        anna, name = await managed(house)
        await house.online("ben/b")
        first, second = await authenticate(house, "anna"), await authenticate(house, "anna")
        house.database.hold()
        await anna.send(message("hi", "ben@example.org"))
        for client in (first, second):
            await client.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        house.database.release()
        await second.expect(f"<resumed xmlns='{SM}' h='1'/>")
        await first.expect(RESUMED)
        await expect_end(first, "conflict")
        assert second.session.stream is second.stream


async def test_a_session_that_ends_while_it_is_resumed() -> None:
    async with House() as house:
        anna, name = await managed(house)
        await house.online("ben/b")
        client, rival = await authenticate(house, "anna"), await authenticate(house, "anna")
        house.database.hold()
        await anna.send(message("hi", "ben@example.org"))
        await client.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        assert (await bind(rival, "a")).get("type") == "result"
        house.database.release()
        await client.expect(f"<failed xmlns='{SM}'/>")
        await rival.expect_nothing()
        assert rival.session.stream is rival.stream


async def test_a_connection_that_goes_while_it_resumes() -> None:
    async with House() as house:
        anna, name = await managed(house)
        await house.online("ben/b")
        client = await authenticate(house, "anna")
        house.database.hold()
        await anna.send(message("hi", "ben@example.org"))
        await client.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        client.vanish()
        house.database.release()
        await house.settle()
        again = await resume(house, "anna", name)
        await again.expect(RESUMED)


async def test_a_message_that_could_not_be_stored() -> None:
    """The sender is told before anything is acknowledged, and the next attempt works."""
    async with House() as house:
        anna, _ = await managed(house)
        await make_known(house, "ben")
        house.database.is_full = True
        anna.say(message("hi", "ben@example.org") + R)
        await settle()
        found = await anna.expect("<message type='error' from='ben@example.org'/>")
        assert found[0][0].tag.endswith("}resource-constraint")
        assert not [e for e in anna.inbox if e.tag == f"{{{SM}}}a"]
        house.database.is_full = False


# -- the end of the server --


async def test_at_shutdown_sessions_are_asked_and_end() -> None:
    """RFC 6120 §4.9.3.21 system-shutdown; what was not acknowledged is pending after it."""
    async with House() as house:
        anna, name = await managed(house)
        ben = await house.online("ben/b")
        await ben.send(message("hi"))
        await anna.expect(said("hi"))
        await house.restart()
        await anna.expect(R)
        await anna.expect(f"<stream:error><system-shutdown xmlns='{STREAMS}'/></stream:error>")
        again = await connect(house, header())
        await again.expect("<stream:features/>")
        await again.send(plain("anna"))
        again.take_all()
        await again.open()
        await again.send(f"<resume xmlns='{SM}' previd='{name}' h='0'/>")
        await again.expect(failed("item-not-found"))
        await bind(again, "a")
        await again.send("<presence/>")
        await again.expect_all("<presence/>", said("hi"))
