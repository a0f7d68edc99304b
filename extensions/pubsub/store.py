"""Nodes, items, affiliations and subscriptions at rest.

Changes are steps: the caller puts those of one request into one `batch`. Numbers of nodes and items
come from the caller and grow with time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.pubsub.rows import FLAT, Head, ItemRow, NewsRow, NodeRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extensions.pubsub.rows import Payer
    from server.storage.database import Database
    from server.storage.insert import Step

_NODE = "id, name, creator, config, bytes"
_FIND = f"""SELECT {_NODE} FROM pubsub_node
    WHERE account = $1 AND service = $2 AND name = $3"""
_LIST = f"""SELECT {_NODE} FROM pubsub_node
    WHERE account = $1 AND service = $2 AND name > $3 ORDER BY name LIMIT $4"""
_LIST_BACKWARDS = f"""SELECT {_NODE} FROM pubsub_node
    WHERE account = $1 AND service = $2 AND name < $3 ORDER BY name DESC LIMIT $4"""
_COUNT_PUBLIC = """SELECT count(*) FROM pubsub_node
    WHERE account = $1 AND service = $2 AND public = 1 AND name < $3"""
_USAGE = "SELECT count(*), COALESCE(SUM(bytes), 0) FROM pubsub_node"
_USAGE_OF_ACCOUNT = f"{_USAGE} WHERE account = $1 AND service = ''"
_USAGE_OF_CREATOR = f"{_USAGE} WHERE creator = $1 AND service = $2"
_CREATE = """INSERT INTO pubsub_node (id, account, service, name, creator, config, bytes, public)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_CONFIGURE = "UPDATE pubsub_node SET config = $2, public = $3 WHERE id = $1"
_GROW = "UPDATE pubsub_node SET bytes = bytes + $2 WHERE id = $1"

_ITEM = "seq, id, publisher, payload"
# An account may be deleted, with its nodes, while something is on its way to one of them.
_SAVE_ITEM = f"""INSERT INTO pubsub_item (node, {_ITEM})
    SELECT id, $2, $3, $4, $5 FROM pubsub_node WHERE id = $1
    ON CONFLICT (node, id) DO UPDATE SET seq = excluded.seq, publisher = excluded.publisher,
        payload = excluded.payload"""
_FIND_ITEM = f"SELECT {_ITEM} FROM pubsub_item WHERE node = $1 AND id = $2"
_HEAD = "id, seq, publisher, length(payload)"
_ITEM_HEAD = f"SELECT {_HEAD} FROM pubsub_item WHERE node = $1 AND id = $2"
_ITEM_HEADS = f"SELECT {_HEAD} FROM pubsub_item WHERE node = $1 AND id IN ({{ids}})"
_OLDEST = f"SELECT {_HEAD} FROM pubsub_item WHERE node = $1 AND seq >= $2 ORDER BY seq LIMIT $3"
_WEIGHT_BEFORE = """SELECT count(*), COALESCE(SUM(length(payload)), 0) FROM pubsub_item
    WHERE node = $1 AND seq < $2"""
_LAST_ITEM = f"""SELECT {_ITEM} FROM pubsub_item WHERE node = $1 AND seq >= $2
    ORDER BY seq DESC LIMIT 1"""
_SIZES = "SELECT seq, length(payload) FROM pubsub_item WHERE node = $1 AND seq >= $2 AND seq <= $3"
_FORWARDS = f"{_SIZES} ORDER BY seq LIMIT $4"
_BACKWARDS = f"{_SIZES} ORDER BY seq DESC LIMIT $4"
_RANGE = f"""SELECT {_ITEM} FROM pubsub_item WHERE node = $1 AND seq >= $2 AND seq <= $3
    ORDER BY seq"""
_COUNT_ITEMS = "SELECT count(*) FROM pubsub_item WHERE node = $1 AND seq >= $2"
_COUNT_ITEMS_BEFORE = "SELECT count(*) FROM pubsub_item WHERE node = $1 AND seq >= $2 AND seq < $3"
_REMOVE_ITEM = "DELETE FROM pubsub_item WHERE node = $1 AND id = $2"
_REMOVE_UP_TO = "DELETE FROM pubsub_item WHERE node = $1 AND seq <= $2"
_PURGE = "DELETE FROM pubsub_item WHERE node = $1"

_AFFILIATIONS = "SELECT jid, affiliation FROM pubsub_affiliation WHERE node = $1"
_AFFILIATE = """INSERT INTO pubsub_affiliation (node, jid, affiliation) VALUES ($1, $2, $3)
    ON CONFLICT (node, jid) DO UPDATE SET affiliation = excluded.affiliation"""
_PART = "DELETE FROM pubsub_affiliation WHERE node = $1 AND jid = $2"
_AFFILIATED = """SELECT n.name, a.affiliation FROM pubsub_affiliation a
    JOIN pubsub_node n ON n.id = a.node
    WHERE a.jid = $1 AND n.account = $2 AND n.service = $3 ORDER BY n.name LIMIT $4"""

_AFFILIATED_AMONG = """SELECT node, affiliation FROM pubsub_affiliation
    WHERE jid = $1 AND node IN ({nodes})"""

_SUBSCRIPTIONS = "SELECT jid, state, options FROM pubsub_subscription WHERE node = $1"
_SUBSCRIBE = """INSERT INTO pubsub_subscription (node, jid, bare, state, options)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (node, jid) DO UPDATE SET state = excluded.state, options = excluded.options"""
_UNSUBSCRIBE = "DELETE FROM pubsub_subscription WHERE node = $1 AND jid = $2"
_SUBSCRIBED = """SELECT n.name, s.jid, s.state, s.options FROM pubsub_subscription s
    JOIN pubsub_node n ON n.id = s.node
    WHERE s.bare = $1 AND n.account = $2 AND n.service = $3 ORDER BY n.name, s.jid LIMIT $4"""

# What accounts that share presence with somebody have to tell him. Their word counts, not his: that
# he sees their presence stands in their rosters.
_NEWS = """SELECT n.id, n.account, a.jid, n.name, n.config, r.groups,
        (SELECT max(i.seq) FROM pubsub_item i WHERE i.node = n.id)
    FROM account a
    JOIN roster_item r ON r.account = a.id AND r.contact = $1
    JOIN pubsub_node n ON n.account = a.id
    WHERE a.jid IN ({places}) AND r.subscription IN ('from', 'both')"""
_OWN_NEWS = """SELECT n.id, n.account, '', n.name, n.config, '[]',
        (SELECT max(i.seq) FROM pubsub_item i WHERE i.node = n.id)
    FROM pubsub_node n WHERE n.account = $1 AND n.service = ''"""

_OF_NODE: Final = ("pubsub_item", "pubsub_affiliation", "pubsub_subscription")
_OF_ACCOUNT = "(SELECT id FROM pubsub_node WHERE account = $1)"
_LEFT_OVER = """SELECT DISTINCT n.account, n.creator, COALESCE(a.id, 0)
    FROM pubsub_node n LEFT JOIN account a ON a.jid = n.creator
    WHERE n.account <> 0 AND n.account NOT IN (SELECT id FROM account)"""

# Nodes of a service that nobody but one address owns.
_SOLE = """(SELECT a.node FROM pubsub_affiliation a JOIN pubsub_node n ON n.id = a.node
    WHERE a.jid = $1 AND a.affiliation = 'owner' AND n.account = 0 AND NOT EXISTS
    (SELECT 1 FROM pubsub_affiliation o
     WHERE o.node = a.node AND o.affiliation = 'owner' AND o.jid <> $1))"""
_FORGET: Final = (
    f"DELETE FROM pubsub_item WHERE node IN {_SOLE}",
    f"DELETE FROM pubsub_subscription WHERE node IN {_SOLE}",
    f"DELETE FROM pubsub_affiliation WHERE jid <> $1 AND node IN {_SOLE}",
    f"DELETE FROM pubsub_node WHERE id IN {_SOLE}",
    # Somebody has to answer for what is in a node: one of those who own it.
    """UPDATE pubsub_node SET creator = COALESCE(
        (SELECT min(a.jid) FROM pubsub_affiliation a WHERE a.node = pubsub_node.id
         AND a.affiliation = 'owner' AND a.jid <> $1), service)
    WHERE creator = $1 AND account = 0""",
    "DELETE FROM pubsub_affiliation WHERE jid = $1",
    "DELETE FROM pubsub_subscription WHERE bare = $1",
)

#: How many names are asked for at a time.
_NAMES: Final = 500

#: How many accounts are asked for their news at a time.
TOGETHER: Final = 25
_ALL: Final = 1 << 30
#: Comes after every name.
_LAST: Final = "\U0010ffff"


# -- nodes --


async def find_node(db: Database, account: int, service: str, name: str) -> NodeRow | None:
    """A node by its name."""
    rows = await db.fetch(_FIND, account, service, name)
    return NodeRow(*rows[0]) if rows else None


async def list_nodes(
    db: Database, account: int, service: str, start: str = "", limit: int = _ALL,
    *, backwards: bool = False,
) -> list[NodeRow]:  # fmt: skip
    """Nodes after a name in the order of their names; or before it, the nearest first."""
    sql, start = (_LIST_BACKWARDS, start or _LAST) if backwards else (_LIST, start)
    return [NodeRow(*row) for row in await db.fetch_large(sql, account, service, start, limit)]


async def count_public(db: Database, account: int, service: str, before: str = _LAST) -> int:
    """How many nodes there are that everybody may know of, up to a name."""
    return int((await db.fetch_large(_COUNT_PUBLIC, account, service, before))[0][0])


async def usage(db: Database, payer: Payer) -> tuple[int, int]:
    """How many nodes somebody has at a place, and how many bytes are in them."""
    account, service, creator = payer
    if account:
        rows = await db.fetch_large(_USAGE_OF_ACCOUNT, account)
    else:
        rows = await db.fetch_large(_USAGE_OF_CREATOR, creator, service)
    return int(rows[0][0]), int(rows[0][1])


def create_node(
    node: int, account: int, service: str, name: str, creator: str, config: str,
    *, bytes_: int = 0, public: bool = True,
) -> list[Step]:  # fmt: skip
    """Make a node; whether everybody may know of it stands beside its configuration."""
    return [(_CREATE, (node, account, service, name, creator, config, bytes_, int(public)))]


def configure_node(node: int, config: str, *, public: bool = True) -> list[Step]:
    """Change its configuration."""
    return [(_CONFIGURE, (node, config, int(public)))]


def grow(node: int, bytes_: int) -> list[Step]:
    """Note that a node weighs so much more, or less."""
    return [(_GROW, (node, bytes_))] if bytes_ else []


def delete_node(node: int) -> list[Step]:
    """Remove a node, and first of all its items (XEP-0060 §8.4)."""
    steps: list[Step] = [(f"DELETE FROM {table} WHERE node = $1", (node,)) for table in _OF_NODE]
    return [*steps, ("DELETE FROM pubsub_node WHERE id = $1", (node,))]


def delete_nodes(account: int) -> list[Step]:
    """Remove all nodes of an account."""
    steps: list[Step] = [
        (f"DELETE FROM {table} WHERE node IN {_OF_ACCOUNT}", (account,)) for table in _OF_NODE
    ]
    return [*steps, ("DELETE FROM pubsub_node WHERE account = $1", (account,))]


def forget(jid: str) -> list[Step]:
    """Remove what somebody was to nodes of others; at a service, nodes that nobody else owns."""
    return [(sql, (jid,)) for sql in _FORGET]


async def left_over(db: Database) -> list[tuple[int, str, bool]]:
    """Accounts that are gone but for their nodes, and whether somebody has their address now."""
    return [(row[0], row[1], bool(row[2])) for row in await db.fetch_large(_LEFT_OVER)]


# -- items --


def save_item(node: int, item: ItemRow) -> list[Step]:
    """Store an item; one of the same name gives way."""
    return [(_SAVE_ITEM, (node, item.seq, item.id, item.publisher, item.payload))]


def remove_items(node: int, ids: Sequence[str]) -> list[Step]:
    """Remove items."""
    return [(_REMOVE_ITEM, (node, each)) for each in ids]


def remove_up_to(node: int, seq: int) -> list[Step]:
    """Remove all items up to this one."""
    return [(_REMOVE_UP_TO, (node, seq))]


def purge(node: int) -> list[Step]:
    """Remove all items."""
    return [(_PURGE, (node,))]


async def find_item(db: Database, node: int, name: str) -> ItemRow | None:
    """One item."""
    rows = await db.fetch(_FIND_ITEM, node, name)
    return _item(*rows[0]) if rows else None


async def item_head(db: Database, node: int, name: str) -> Head | None:
    """When an item was published, by whom, and how large it is."""
    rows = await db.fetch(_ITEM_HEAD, node, name)
    return Head(*rows[0]) if rows else None


async def item_heads(db: Database, node: int, names: Sequence[str]) -> dict[str, Head]:
    """The same of many items, by their names; those that are not there are left out."""
    found: dict[str, Head] = {}
    for start in range(0, len(names), _NAMES):
        some = names[start : start + _NAMES]
        rows = await db.fetch(_ITEM_HEADS.format(ids=_places(some)), node, *some)
        found |= {row[0]: Head(*row) for row in rows}
    return found


async def oldest_items(db: Database, node: int, since: int, limit: int) -> list[Head]:
    """The oldest items."""
    return [Head(*row) for row in await db.fetch(_OLDEST, node, since, limit)]


async def weight_before(db: Database, node: int, seq: int) -> tuple[int, int]:
    """How many items are older, and what they weigh."""
    number, size = (await db.fetch(_WEIGHT_BEFORE, node, seq))[0]
    return int(number), int(size) + int(number) * FLAT


async def last_item(db: Database, node: int, since: int = 0) -> ItemRow | None:
    """The item published last, unless it is older than `since`."""
    rows = await db.fetch(_LAST_ITEM, node, since)
    return _item(*rows[0]) if rows else None


async def sizes(
    db: Database, node: int, first: int, last: int, limit: int, *, backwards: bool
) -> list[tuple[int, int]]:
    """Items within bounds, from one end on: number and size of the payload."""
    sql = _BACKWARDS if backwards else _FORWARDS
    return [(row[0], row[1]) for row in await db.fetch(sql, node, first, last, limit)]


async def items(db: Database, node: int, first: int, last: int) -> list[ItemRow]:
    """The items from the one to the other, the oldest first."""
    return [_item(*row) for row in await db.fetch(_RANGE, node, first, last)]


async def count_items(db: Database, node: int, since: int = 0, before: int = 0) -> int:
    """How many items there are, or how many of them come before a number."""
    if before:
        rows = await db.fetch(_COUNT_ITEMS_BEFORE, node, since, before)
    else:
        rows = await db.fetch(_COUNT_ITEMS, node, since)
    return int(rows[0][0])


# -- people --


async def affiliations(db: Database, node: int) -> list[tuple[str, str]]:
    """Everybody who is something to a node."""
    return [(row[0], row[1]) for row in await db.fetch(_AFFILIATIONS, node)]


def affiliate(node: int, jid: str, affiliation: str) -> list[Step]:
    """Somebody is this to a node, or nothing any more."""
    if affiliation == "none":
        return [(_PART, (node, jid))]
    return [(_AFFILIATE, (node, jid, affiliation))]


async def affiliated(
    db: Database, jid: str, account: int, service: str, limit: int = _ALL
) -> list[tuple[str, str]]:
    """What somebody is to the nodes of a place: name and affiliation."""
    rows = await db.fetch(_AFFILIATED, jid, account, service, limit)
    return [(row[0], row[1]) for row in rows]


async def affiliated_among(db: Database, jid: str, nodes: Sequence[int]) -> dict[int, str]:
    """What somebody is to some nodes, by their numbers; those he is nothing to are left out."""
    found: dict[int, str] = {}
    for start in range(0, len(nodes), _NAMES):
        some = nodes[start : start + _NAMES]
        rows = await db.fetch(_AFFILIATED_AMONG.format(nodes=_places(some)), jid, *some)
        found |= {int(row[0]): row[1] for row in rows}
    return found


async def subscriptions(db: Database, node: int) -> list[tuple[str, str, str]]:
    """All subscriptions of a node: who, in which state, with which options."""
    return [(row[0], row[1], row[2]) for row in await db.fetch(_SUBSCRIPTIONS, node)]


def subscribe(node: int, jid: str, bare: str, state: str, options: str) -> list[Step]:
    """Save a subscription, or remove one."""
    if state == "none":
        return [(_UNSUBSCRIBE, (node, jid))]
    return [(_SUBSCRIBE, (node, jid, bare, state, options))]


async def subscribed(
    db: Database, bare: str, account: int, service: str, limit: int
) -> list[tuple[str, str, str, str]]:
    """The subscriptions of somebody at a place: node, address, state and options."""
    rows = await db.fetch(_SUBSCRIBED, bare, account, service, limit)
    return [(row[0], row[1], row[2], row[3]) for row in rows]


# -- news for somebody who comes online --


async def own_news(db: Database, account: int) -> list[NewsRow]:
    """The nodes of somebody himself."""
    return [NewsRow(*row) for row in await db.fetch(_OWN_NEWS, account)]


async def news(db: Database, who: str, owners: Sequence[str]) -> list[NewsRow]:
    """The nodes of those owners here who let that address see their presence."""
    rows = await db.fetch(_NEWS.format(places=_places(owners)), who, *owners)
    return [NewsRow(*row) for row in rows]


def _places(values: Sequence[object]) -> str:
    """Where values stand in a statement, after the first one."""
    return ", ".join(f"${place}" for place in range(2, len(values) + 2))


def _item(seq: int, name: str, publisher: str, payload: bytes) -> ItemRow:
    return ItemRow(seq, name, publisher, bytes(payload))
