"""The store's SQL means the same to both databases (see tests/server/storage/test_storage.py)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from extensions.pubsub import store
from extensions.pubsub.rows import ItemRow, NewsRow
from server.jid import JID
from server.storage import accounts, roster
from tests.harness.backend import backends
from tests.server.storage.pair import Pair, Side

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from extensions.pubsub.rows import NewsRow
    from server.storage.insert import Step

T = TypeVar("T")

PEOPLE = [JID.of(name) for name in ("anna@example.org", "ben@example.org", "jürgen@example.org")]
SERVICE = "pubsub.example.org"
TEXTS = ["", "plain", "Ünïcödé", "a'b\"c\\d", "😀", "%_"]

person = st.sampled_from(PEOPLE)
text = st.sampled_from(TEXTS)
node = st.integers(1, 4)
number = st.integers(1, 9)
name = st.sampled_from(["one", "two", "three", "Ü"])
limit = st.integers(1, 4)
row = st.builds(ItemRow, number, name, person, st.binary(max_size=9))
affiliation = st.sampled_from(["none", "owner", "publisher", "member"])
state = st.sampled_from(["none", "subscribed", "pending"])


class PubSub(RuleBasedStateMachine):
    """Nodes of accounts and of a service, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self._pair = Pair()
        self._owners: list[str] = []

    def teardown(self) -> None:
        self._pair.close()

    def do(self, operation: Callable[[Side], Awaitable[T]]) -> T | type[Exception]:
        return self._pair.do(operation)

    def write(self, steps: list[Step]) -> None:
        self.do(lambda side: side.db.batch(steps))

    @initialize()
    def begin(self) -> None:
        for jid in PEOPLE[:2]:
            self.register(jid)
            for each, place in enumerate((jid, None), 1 + 2 * PEOPLE.index(jid)):
                self.create(each, place, f"{TEXTS[each]}!", jid, True, 0)
                rows = [ItemRow(seq, str(seq), jid, bytes(seq)) for seq in range(2, 9, 2)]
                self.publish(each, rows, [])
        self.befriend(PEOPLE[0], PEOPLE[1], (), "from")
        self.befriend(PEOPLE[1], PEOPLE[0], (), "both")

    # -- accounts --

    @rule(jid=person)
    def register(self, jid: JID) -> None:
        called = f"{jid}#{sum(each.startswith(jid) for each in self._owners) + 1}"

        async def register(side: Side) -> str:
            side.call(await accounts.create_account(side.db, jid, (), 7), called)
            return called

        if self.do(register) == called:
            self._owners.append(called)

    @rule(jid=person, forgets=st.booleans())
    def delete(self, jid: JID, forgets: bool) -> None:
        """With its nodes, or as an order does while no server runs."""

        async def delete(side: Side) -> None:
            if forgets:
                await side.db.batch(store.delete_nodes(side.number(self._account(jid))))
            await accounts.delete_account(side.db, jid)

        self.do(delete)
        self.write(store.forget(jid))

    @rule(
        of=person, contact=person, groups=st.just(()) | st.just(("Freunde",)),
        subscription=st.sampled_from(["none", "to", "from", "both"]),
    )  # fmt: skip
    def befriend(self, of: JID, contact: JID, groups: tuple[str, ...], subscription: str) -> None:
        item = roster.Item(contact, "", subscription, groups=groups, version=1)
        self.do(lambda side: side.db.batch(roster.save_item(side.number(self._account(of)), item)))

    def _account(self, jid: JID) -> str:
        """The last account of this name, perhaps gone."""
        return next((each for each in reversed(self._owners) if each.startswith(jid)), "nobody")

    def _place(self, side: Side, of: JID | None) -> tuple[int, str]:
        return (0, SERVICE) if of is None else (side.number(self._account(of)), "")

    # -- nodes --

    @rule(
        each=node, of=st.none() | person, called=text, by=person, public=st.booleans(), size=number
    )
    def create(
        self, each: int, of: JID | None, called: str, by: JID, public: bool, size: int
    ) -> None:
        async def create(side: Side) -> None:
            account, service = self._place(side, of)
            creator = by if of is None else of
            steps = store.create_node(
                each, account, service, called, creator, "{}", bytes_=size, public=public
            )
            await side.db.batch([*steps, *store.affiliate(each, by, "owner")])

        self.do(create)

    @rule(each=node, config=text, public=st.booleans(), size=st.integers(-5, 5))
    def change(self, each: int, config: str, public: bool, size: int) -> None:
        self.write([*store.configure_node(each, config, public=public), *store.grow(each, size)])

    @rule(each=node)
    def remove(self, each: int) -> None:
        self.write(store.delete_node(each))

    @rule(of=st.none() | person, called=text, by=person, limit=limit)
    def nodes(self, of: JID | None, called: str, by: JID, limit: int) -> None:
        async def look(side: Side) -> list[Any]:
            db, (account, service) = side.db, self._place(side, of)
            return [
                await store.find_node(db, account, service, called),
                await store.list_nodes(db, account, service, called, limit),
                await store.list_nodes(db, account, service, called, limit, backwards=True),
                await store.list_nodes(db, account, service, called, limit, backwards=True),
                await store.count_public(db, account, service),
                await store.count_public(db, account, service, called),
                await store.usage(db, (account, service, by)),
                await store.affiliated(db, by, account, service, limit),
                await store.subscribed(db, by, account, service, limit),
            ]

        async def left_over(side: Side) -> list[Any]:
            found = await store.left_over(side.db)
            return sorted((side.name(account), *rest) for account, *rest in found)

        self.do(look)
        self.do(left_over)

    @rule(who=person, owners=st.lists(person, min_size=1, max_size=3, unique=True))
    def news(self, who: JID, owners: list[JID]) -> None:
        def named(side: Side, rows: list[NewsRow]) -> list[Any]:
            return sorted((side.name(row.account), str(row._replace(account=0))) for row in rows)

        async def look(side: Side) -> list[Any]:
            account = side.number(self._account(who))
            return [
                named(side, await store.news(side.db, who, owners)),
                named(side, await store.own_news(side.db, account)),
            ]

        self.do(look)

    # -- items --

    @rule(each=node, added=st.lists(row, max_size=3), removed=st.lists(name, max_size=2))
    def publish(self, each: int, added: list[ItemRow], removed: list[str]) -> None:
        steps = [step for item in added for step in store.save_item(each, item)]
        self.write([*steps, *store.remove_items(each, removed)])

    @rule(each=node, up_to=number)
    def clear(self, each: int, up_to: int) -> None:
        self.write(store.purge(each) if up_to > 7 else store.remove_up_to(each, up_to))

    @rule(
        each=node, called=name, names=st.lists(name, max_size=3), first=number, last=number,
        limit=limit, backwards=st.booleans(),
    )  # fmt: skip
    def items(
        self, each: int, called: str, names: list[str], first: int, last: int, limit: int,
        backwards: bool,
    ) -> None:  # fmt: skip
        async def look(side: Side) -> list[Any]:
            db = side.db
            return [
                await store.find_item(db, each, called),
                await store.item_head(db, each, called),
                await store.item_heads(db, each, names),
                await store.oldest_items(db, each, first, limit),
                await store.weight_before(db, each, last),
                await store.last_item(db, each, first),
                await store.sizes(db, each, first, last, limit, backwards=backwards),
                await store.items(db, each, first, last),
                await store.count_items(db, each, first, last if backwards else 0),
            ]

        self.do(look)

    # -- people --

    @rule(each=node, jid=person, affiliation=affiliation, state=state, options=text)
    def meet(self, each: int, jid: JID, affiliation: str, state: str, options: str) -> None:
        device = jid.with_resource("phone")
        self.write(
            [
                *store.affiliate(each, jid, affiliation),
                *store.subscribe(each, device, jid, state, options),
            ]
        )

        async def look(side: Side) -> list[Any]:
            return [
                sorted(await store.affiliations(side.db, each)),
                sorted(await store.subscriptions(side.db, each)),
                await store.affiliated_among(side.db, jid, [each, each + 1]),
            ]

        self.do(look)


_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


class TestBothDatabases(PubSub.TestCase):  # type: ignore[misc, valid-type]  # made at run time
    """Runs the machine."""

    settings = settings(
        derandomize=not _DEEP, deadline=None, stateful_step_count=25,
        max_examples=200 if _DEEP else 20 if backends.chosen == "postgresql" else 3,
        phases=[Phase.generate, *([Phase.shrink] if _DEEP else [])],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
