"""What was read in the archive is due no more: to no device, and after no restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from server.messages.ledger import Ledger
from tests.extensions.chats import EVERYTHING
from tests.harness.house import Client, House
from tests.server.messages.test_expiry import DAY, FAILED, LETTER, QUIET, care

if TYPE_CHECKING:
    from server.account import Account

QUERY = "<iq type='set' id='{id}'><query xmlns='urn:xmpp:mam:2'>{rsm}</query></iq>"
SM = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"


def page(number: int, edge: str = "") -> str:
    return f"<set xmlns='http://jabber.org/protocol/rsm'><max>{number}</max>{edge}</set>"


async def wait_for(house: House, count: int) -> None:
    """Ben writes to anna, who is not there."""
    await house.add_user("anna")
    ben = await house.online("ben/garden")
    for number in range(count):
        body = f"<body>{number}</body>"
        await ben.send(f"<message type='chat' id='{number}' to='anna@example.org'>{body}</message>")
    await house.settle()
    await ben.close()


async def fetch(client: Client, rsm: str = "") -> list[str]:
    """A page of the archive: its bodies."""
    client.take_all()
    await client.send(QUERY.format(id="mam", rsm=rsm))
    bodies = []
    while (element := await client.next()).get("id") != "mam":
        bodies += [body.text or "" for body in element.iter("{jabber:client}body")]
    return bodies


async def handed_out(house: House) -> list[str]:
    """What a device gets that becomes available."""
    client = await house.login("anna/new")
    await client.send("<presence/>")
    await house.settle()
    return [
        element.findtext("{jabber:client}body", "")
        for element in client.take_all()
        if element.tag == "{jabber:client}message"
    ]


def account_of(house: House) -> Account:
    account = house.server.hosts["example.org"].accounts.known(
        next(client.jid.bare for client in house.clients if client.jid.local == "anna")
    )
    assert account is not None
    return account


async def test_a_page_settles_what_waits_when_it_is_written() -> None:
    async with House(EVERYTHING) as house:
        await wait_for(house, 3)
        anna = await house.login("anna/phone")
        assert await fetch(anna) == ["0", "1", "2"]
        await house.restart()
        assert await handed_out(house) == []


async def test_with_stream_management_it_is_settled_when_acknowledged() -> None:
    async with House(EVERYTHING) as house:
        await wait_for(house, 3)
        anna = await house.login("anna/phone")
        await anna.send(SM)
        await fetch(anna)
        await house.restart()
        anna = await house.login("anna/phone")
        await anna.send(SM)
        await fetch(anna)
        await anna.send("<a xmlns='urn:xmpp:sm:3' h='2'/>")
        await house.settle()
        await house.restart()
        assert await handed_out(house) == ["2"]


async def test_what_a_dead_device_did_not_acknowledge_is_not_passed_on() -> None:
    async with House(EVERYTHING) as house:
        await wait_for(house, 1)
        other = await house.online("anna/laptop")
        await house.settle()
        other.take_all()
        anna = await house.login("anna/phone")
        await anna.send(SM)
        assert await fetch(anna) == ["0"]
        await anna.send("</stream:stream>")
        await house.settle()
        assert [e for e in other.take_all() if e.tag == "{jabber:client}message"] == []


async def test_the_newest_page_settles_only_itself() -> None:
    async with House(EVERYTHING) as house:
        await wait_for(house, 5)
        anna = await house.login("anna/phone")
        assert await fetch(anna, page(2, "<before/>")) == ["3", "4"]
        await house.settle()
        assert account_of(house).ledger.is_ahead
        house.clock.advance(11)
        await house.settle()
        assert not account_of(house).ledger.is_ahead
        await house.restart()
        assert await handed_out(house) == ["0", "1", "2"]


async def test_nobody_is_told_that_it_was_not_fetched() -> None:
    async with House(EVERYTHING, config=QUIET) as house:
        await wait_for(house, 3)
        anna = await house.login("anna/phone")
        await fetch(anna, page(2, "<before/>"))
        await house.settle()
        house.clock.advance(11)
        await house.settle()
        await house.restart()
        ben = await house.online("ben/garden")
        house.clock.advance(30 * DAY)
        await care(house)
        await ben.expect_all(FAILED.format("0"), LETTER)
        await ben.expect_nothing()


@given(
    st.integers(1, 12),
    st.lists(st.one_of(st.sets(st.integers(1, 12)), st.just("restart"), st.just("passed"))),
    st.booleans(),
)
def test_pending_is_what_nobody_fetched(
    count: int, steps: list[set[int] | str], last_parks: bool
) -> None:
    """Pages in any order, the cursor following now and then, and restarts in between."""
    deliverable = [mid for mid in range(1, count + 1) if mid % 4]  # the others are the owner's own
    book = Ledger(0)
    fetched: set[int] = set()
    settled: set[int] = set()  # for good, as the database knows it

    def follow(parks: bool) -> None:
        nonlocal settled
        while book.is_ahead:
            after, last = book.cursor, book.newest_ahead
            due = [mid for mid in deliverable if after < mid <= last][:2]
            book.pass_by(due, last if len(due) < 2 else due[-1], parks=parks)
            if book.cursor == after:
                break

    for step in steps:
        if step == "restart":
            book = Ledger(book.cursor, book.parked)
            fetched = {mid for mid in fetched if mid <= book.cursor and mid not in book.parked}
        elif step == "passed":
            follow(parks=False)
        elif isinstance(step, set):
            shown = sorted(mid for mid in step if mid <= count)
            book.acknowledged(shown)
            fetched.update(shown)
        waiting = {mid for mid in deliverable if book.is_waiting(mid)}
        assert waiting == set(deliverable) - fetched
    if last_parks:
        follow(parks=True)
        assert not book.is_ahead
        book = Ledger(book.cursor, book.parked)
        assert {mid for mid in deliverable if book.is_waiting(mid)} == set(deliverable) - fetched


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["store", "store", "arrive", "leave", "follow", "park", "restart"]),
        st.integers(1, 4),
        st.sets(st.integers(1, 10), min_size=1, max_size=4),
    ),
    max_size=25,
)


class World:
    """An account with a database, and one device that comes and goes."""

    def __init__(self) -> None:
        self.book = Ledger(0)
        self.stored: list[int] = []
        self.settled: set[int] = set()
        self.queue: list[int] | None = None  # what the device was sent and did not acknowledge

    def do(self, step: str | int | set[int]) -> None:
        if isinstance(step, str):
            getattr(self, step)()
        elif isinstance(step, int):
            self.acknowledge(step)
        else:
            self.fetch(step)

    def store(self) -> None:
        mid = len(self.stored) + 1
        self.stored.append(mid)
        is_there = self.queue is not None
        self.book.stored(mid, int(is_there), attended=is_there)
        if self.queue is not None:
            self.queue.append(mid)

    def arrive(self) -> None:
        """A device comes and reads all that waits."""
        if self.queue is not None:
            return
        book, queue = self.book, []
        waiting = sorted(mid for mid in book.parked if mid <= book.cursor)
        for mid in (*waiting, *(mid for mid in self.stored if mid > book.cursor)):
            if book.is_due(mid):
                assert mid not in self.settled
                book.taken(mid)
                queue.append(mid)
            book.read_until(mid)
        book.caught_up()
        self.queue = queue

    def acknowledge(self, count: int) -> None:
        if self.queue:
            mids, self.queue = self.queue[:count], self.queue[count:]
            self.book.acknowledged(mids)
            self.settled.update(mids)

    def fetch(self, mids: set[int]) -> None:
        shown = sorted(mids.intersection(self.stored))
        self.book.acknowledged(shown)
        self.settled.update(shown)

    def leave(self) -> None:
        if self.queue is not None:
            lost = [mid for mid in self.queue if self.book.dropped(mid)]
            self.queue = None
            self.book.orphaned(lost, attended=False)
            self.book.deserted()

    def follow(self, *, parks: bool = False) -> None:
        while self.book.is_ahead:
            after, last = self.book.cursor, self.book.newest_ahead
            due = [mid for mid in self.stored if after < mid <= last][:2]
            self.book.pass_by(due, last if len(due) < 2 else due[-1], parks=parks)
            if self.book.cursor == after:
                return

    def park(self) -> None:
        self.follow(parks=True)
        assert not self.book.is_ahead

    def restart(self) -> None:
        """Only the cursor and what is parked outlive it."""
        self.book = Ledger(self.book.cursor, self.book.parked)
        self.queue = None
        self.settled = {mid for mid in self.stored if not self.is_kept(mid)}

    def is_kept(self, mid: int) -> bool:
        return mid > self.book.cursor or mid in self.book.parked


@given(STEPS)
def test_nothing_is_lost_and_nothing_fetched_expires(steps: list[str | int | set[int]]) -> None:
    """Whatever the order of storing, fetching, coming, going and following."""
    world = World()
    for step in steps:
        unsettled = set(world.stored) - world.settled
        world.do(step)
        unsettled -= world.settled if step != "restart" else set()
        for mid in world.stored:
            if mid in world.settled:
                assert not world.book.is_waiting(mid)
            else:
                assert world.is_kept(mid)
                assert mid in (world.queue or ()) or world.book.is_waiting(mid)
        if step == "restart":
            assert unsettled <= set(world.stored) - world.settled
    world.park()
    kept = set(filter(world.is_kept, world.stored))
    if not world.queue:
        assert kept == set(world.stored) - world.settled
