"""Both databases do the same, whatever is asked of them: SQLite is the model of PostgreSQL.

Random sequences of what the core's stores can do are played to both; each outcome is compared at
once, and all tables now and then. Without `--backend postgresql` the other side is SQLite too,
which shows only that the comparison is sound, and is soon done. What fails is made short with
`HYPOTHESIS_PROFILE=deep`, which takes minutes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from server.jid import JID
from server.sasl.keys import ScramKeys
from server.storage import accounts, archive, clients, messages, preferences, retention, roster
from server.storage import settings as kept
from tests.harness.backend import backends
from tests.server.storage.pair import Pair, Side

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.storage.insert import Step

T = TypeVar("T")

PEOPLE = [JID.of(name) for name in ("anna@example.org", "ben@example.org", "jürgen@example.org")]
TEXTS = ["", "plain", "Ünïcödé", "a'b\"c\\d", "😀\U0010fffd", "%_", "{}", "$1 ?1"]
HIGHEST = (1 << 63) - 1
IDS = 8

person = st.sampled_from(PEOPLE)
contact = st.sampled_from(["anna@example.org", "zoë@other.example", "it's@other.example", "ß@x"])
program = st.sampled_from(["phone", "Größe"])
text = st.sampled_from(TEXTS)
owner = st.integers(0, 9)
"""Which account: of those that there are, and those that there were."""
mid = st.integers(1, IDS) | st.sampled_from([1 << 40, HIGHEST])
blob = st.binary(max_size=20)
moment = st.integers(0, 10) | st.just(1_700_000_000_000)
limit = st.integers(1, 5)
yes = st.booleans()
keys = st.builds(
    ScramKeys, st.sampled_from(["sha1", "sha256", "sha512"]), st.integers(1, 9), blob, blob, blob
)
nonce = st.sampled_from([b"\0", b"one", b"\xff\xfe"])
token = st.builds(
    clients.TokenRow, st.integers(0, 1), st.sampled_from(["HT-SHA-256-NONE", "HT-SHA-256-EXPR"]),
    nonce, moment, moment,
)  # fmt: skip
row = st.builds(clients.ClientRow, program, text, text, moment, moment, yes, yes)
item = st.builds(
    roster.Item, contact, text, st.sampled_from(["none", "to", "from", "both", "other"]), yes, yes,
    st.lists(text, max_size=3).map(tuple), mid,
)  # fmt: skip
wanted = st.builds(
    archive.Filter,
    *[st.none() | mid] * 4,
    st.none() | contact,
    st.none() | text,
    st.none() | st.lists(mid, max_size=4).map(tuple),
)

#: What the journal takes, for the account of a number; several go into one commit.
Append = tuple["Callable[..., int]", tuple[Any, ...]]


def appends(do: Callable[..., int], *args: st.SearchStrategy[Any]) -> st.SearchStrategy[Append]:
    return st.tuples(st.just(do), st.tuples(owner, *args))


def save_progress(db: Any, account: int, client: str, cursor: int, reads: bool) -> int:
    return clients.save_progress(db, account, client, cursor, reads_archive=reads)


append = st.one_of(
    appends(messages.save_entry, mid, contact, text, st.integers(0, 15)),
    appends(messages.save_entry, mid, contact, text, st.just(3)),
    appends(messages.save_delivered, st.integers(1, IDS)),
    appends(messages.park, mid),
    appends(messages.unpark, mid),
    appends(accounts.save_last_active, moment, text, moment),
    appends(clients.use, program, moment),
    appends(save_progress, program, mid, yes),
)


def writes(
    build: Callable[..., list[Step] | Step], *args: st.SearchStrategy[Any]
) -> st.SearchStrategy[Callable[[int], list[Step]]]:
    def bind(given: tuple[Any, ...]) -> Callable[[int], list[Step]]:
        def steps(number: int) -> list[Step]:
            built = build(number, *given)
            return built if isinstance(built, list) else [built]

        return steps

    return st.tuples(*args).map(bind)


contact_writes = st.lists(
    st.one_of(
        writes(roster.save_item, item),
        writes(roster.remove_item, contact, mid),
        writes(roster.save_request, contact, blob, moment),
        writes(roster.remove_request, contact),
    ),
    max_size=5,
)
client_writes = st.lists(
    st.one_of(
        writes(clients.saving, row),
        writes(clients.issuing, program, token),
        writes(clients.promoting, program),
        writes(clients.dropping_tokens, program),
        writes(clients.forgetting, program),
    ),
    max_size=5,
)


class Stores(RuleBasedStateMachine):
    """Anything that can be done, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._pair = Pair()
        self._owners: list[str] = []
        self._marks = 0

    def teardown(self) -> None:
        self._pair.close()

    def do(self, operation: Callable[[Side], Awaitable[T]]) -> T | type[Exception]:
        return self._pair.do(operation)

    def named(self, which: int) -> str:
        """An account, perhaps one that is gone."""
        return self._owners[which % len(self._owners)]

    @initialize(bodies=st.lists(blob, min_size=IDS, max_size=IDS))
    def begin(self, bodies: list[bytes]) -> None:
        for jid in PEOPLE[:2]:
            self.create(jid, [])

        async def fill(side: Side) -> None:
            for number, body in enumerate(bodies, 1):
                messages.save_message(side.db, number, body)
                for name in self._owners:
                    messages.save_entry(side.db, side.number(name), number, "ß@x", "", number % 4)
            await side.db.journal.sync()

        self.do(fill)

    # -- accounts --

    @rule(jid=person, given=st.lists(keys, max_size=3))
    def create(self, jid: JID, given: list[ScramKeys]) -> None:
        """Nothing is left of an account that could not be made."""
        name = f"{jid}#{sum(each.startswith(jid) for each in self._owners) + 1}"

        async def create(side: Side) -> str:
            side.call(await accounts.create_account(side.db, jid, given, 7), name)
            return name

        if self.do(create) == name:
            self._owners.append(name)

    @rule(jid=person)
    def delete(self, jid: JID) -> None:
        self.do(lambda side: accounts.delete_account(side.db, jid))

    @rule(which=owner, jid=person, given=st.lists(keys, min_size=1, max_size=2), now=moment)
    def change(self, which: int, jid: JID, given: list[ScramKeys], now: int) -> None:
        name = self.named(which)
        self.do(lambda side: accounts.set_credentials(side.db, jid, given[1:]))
        self.do(lambda side: accounts.add_credentials(side.db, side.number(name), given[0]))
        if now % 2:
            self.do(lambda side: accounts.enable(side.db, jid))
        else:
            self.do(lambda side: accounts.disable(side.db, jid, now))
        self.find(jid)

    @rule(jid=person)
    def find(self, jid: JID) -> None:
        async def find(side: Side) -> Any:
            found = await accounts.find_account(side.db, jid)
            return found and [
                side.name(found.id),
                *(getattr(found, name) for name in found.__slots__ if name != "id"),
            ]

        self.do(find)
        self.do(lambda side: accounts.find_credentials(side.db, jid))
        self.do(lambda side: accounts.account_exists(side.db, jid))
        self.do(lambda side: accounts.last_login(side.db, jid))

    @rule(after=st.just("") | person, limit=limit, disabled=yes)
    def list_accounts(self, after: str, limit: int, disabled: bool) -> None:
        self.do(lambda side: accounts.list_accounts(side.db, after, limit, disabled=disabled))
        self.do(lambda side: accounts.count_accounts(side.db))

    # -- messages --

    @rule(
        added=st.lists(append, max_size=12), new=st.lists(st.tuples(mid, blob), max_size=2),
        after=st.integers(0, IDS), last=mid, limit=limit,
    )  # fmt: skip
    def append(
        self, added: list[Append], new: list[tuple[int, bytes]], after: int, last: int, limit: int
    ) -> None:
        """One commit of all these; then look at what is due to everybody."""
        mark = self._marks = self._marks + 100

        async def append(side: Side) -> None:
            for number, each in enumerate(new):
                messages.save_message(side.db, *each, (mark, number))
            for number, (do, (which, *args)) in enumerate(added, 10):
                if do is messages.save_entry:
                    args.append((mark, number))
                do(side.db, side.number(self.named(which)), *args)
            await side.db.journal.sync()

        self.do(append)
        for name in self._owners[-3:]:
            self._look(name, after, last, limit)
        self.do(lambda side: messages.last_message_id(side.db))

    def _look(self, name: str, after: int, last: int, limit: int) -> None:
        self.do(lambda side: messages.parked(side.db, side.number(name)))
        self.do(lambda side: messages.pending(side.db, side.number(name), after, limit))
        self.do(lambda side: messages.deliverable(side.db, side.number(name), after, last, limit))
        self.do(lambda side: messages.count_pending(side.db, side.number(name), after))

    @rule(before=mid, limit=limit, ids=st.lists(mid, max_size=5))
    def expired(self, before: int, limit: int, ids: list[int]) -> None:
        """All pages, one after the other."""

        async def expired(side: Side) -> list[tuple[str, int, bytes]]:
            found: list[tuple[str, int, bytes]] = []
            after = (0, 0)
            while rows := await messages.expired(side.db, before, limit, after):
                found += [(side.name(account), each, stanza) for account, each, stanza in rows]
                after = rows[-1][:2]
            return found

        self.do(expired)
        self.do(lambda side: messages.messages(side.db, ids))

    # -- archives --

    @rule(which=owner, wanted=wanted, limit=limit, reverse=yes, ids=st.lists(mid, max_size=4))
    def page(
        self, which: int, wanted: archive.Filter, limit: int, reverse: bool, ids: list[int]
    ) -> None:
        name = self.named(which)
        self.do(lambda side: archive.page(side.db, side.number(name), wanted, limit, reverse))
        self.do(lambda side: archive.page(side.db, side.number(name), limit=limit, reverse=reverse))
        self.do(lambda side: archive.count(side.db, side.number(name), wanted))
        self.do(lambda side: archive.bounds(side.db, side.number(name)))
        self.do(lambda side: archive.missing(side.db, side.number(name), ids))

    @rule(which=owner, gone=mid)
    def hide(self, which: int, gone: int) -> None:
        name = self.named(which)
        self.do(lambda side: side.db.batch([archive.hide(side.number(name), gone)]))

    @rule(before=st.integers(1, 4), batch=st.integers(1, 4))
    def purge(self, before: int, batch: int) -> None:
        self.do(lambda side: retention.purge(side.db, before, _at_once, batch))
        self.do(lambda side: retention.purge_settled(side.db, _at_once, batch))

    @rule(batch=st.integers(1, 4))
    def erase(self, batch: int) -> None:
        self.do(lambda side: retention.erase_departed(side.db, _at_once, batch))
        self._pair.compare()

    # -- contacts --

    @rule(which=owner, steps=contact_writes, version=st.just(0) | mid)
    def roster(self, which: int, steps: list[Callable[[int], list[Step]]], version: int) -> None:
        name = self.named(which)

        async def write(side: Side) -> None:
            number = side.number(name)
            await side.db.batch([step for build in steps for step in build(number)])

        async def load(side: Side) -> roster.StoredRoster:
            found = await roster.load(side.db, side.number(name))
            found.items.sort()
            return found

        async def changes(side: Side) -> roster.Changes | None:
            found = await roster.changes_since(side.db, side.number(name), version)
            if found is not None:  # several of a version stand in no order
                found.items.sort()
                found.removed.sort()
            return found

        self.do(write)
        self.do(load)
        self.do(changes)

    @rule(contact=contact)
    def estrange(self, contact: str) -> None:
        self.do(lambda side: roster.estrange(side.db, contact))

    # -- clients --

    @rule(which=owner, steps=client_writes, client=program, nonce=nonce, count=st.integers(0, 3))
    def clients(
        self, which: int, steps: list[Callable[[int], list[Step]]], client: str, nonce: bytes,
        count: int,
    ) -> None:  # fmt: skip
        name = self.named(which)

        async def write(side: Side) -> None:
            number = side.number(name)
            await clients.write(side.db, [step for build in steps for step in build(number)])

        async def find(side: Side) -> Any:
            found = await clients.find(side.db, side.number(name), client)
            return found and _in_order(found)

        async def find_of(side: Side) -> Any:
            found = await clients.find_of(side.db, JID.of(name.partition("#")[0]), client)
            return found and (side.name(found[0]), _in_order(found[1]))

        self.do(write)
        self.do(lambda side: clients.count_up(side.db, side.number(name), client, nonce, count))
        self.do(find)
        self.do(find_of)
        self.do(lambda side: clients.listing(side.db, side.number(name)))

    # -- wishes --

    @rule(which=owner, policy=text, always=st.sets(person), never=st.sets(person), secret=blob)
    def wish(
        self, which: int, policy: str, always: set[JID], never: set[JID], secret: bytes
    ) -> None:
        name = self.named(which)
        wishes = preferences.ArchivePreferences(policy, always, never)
        self.do(lambda side: preferences.load(side.db, side.number(name)))
        self.do(lambda side: preferences.save(side.db, side.number(name), wishes))
        self.do(lambda side: preferences.load(side.db, side.number(name)))
        self.do(lambda side: kept.save_setting(side.db, policy, policy * 2))
        self.do(lambda side: kept.load_setting(side.db, policy))
        self.do(lambda side: kept.keep_secret(side.db, policy, secret))


async def _at_once() -> None:
    """A pause that is none."""


def _in_order(found: clients.ClientRow) -> tuple[object, ...]:
    """Tokens stand in no order."""
    return (*(getattr(found, name) for name in found.__slots__ if name != "tokens"),
            sorted(found.tokens, key=lambda each: each.slot))  # fmt: skip


_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


class TestBothDatabases(Stores.TestCase):  # type: ignore[misc, valid-type]  # made at run time
    """Runs the machine."""

    settings = settings(
        derandomize=not _DEEP, deadline=None, stateful_step_count=25,
        max_examples=200 if _DEEP else 12 if backends.chosen == "postgresql" else 3,
        phases=[Phase.generate, *([Phase.shrink] if _DEEP else [])],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
