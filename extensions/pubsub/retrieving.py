"""Items for those who ask (XEP-0060 §6.5), in pages if need be (XEP-0059)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.payloads import rsm
from extensions.pubsub import errors, payloads, rules, store
from server.message_id import MAX_ID

if TYPE_CHECKING:
    from extensions.pubsub.engine import Call, Engine
    from extensions.pubsub.nodes import Node
    from extensions.pubsub.rows import ItemRow

#: How many bytes one answer may have; then it is cut, and says so.
MOST_BYTES: Final = 1 << 20
#: What an item costs besides its payload.
_OVERHEAD: Final = 80


async def items(call: Call) -> bytes:
    """Items of a node: all, the newest, a page, or those that are named."""
    node, standing = await call.known()
    refusal = rules.refuse_reading(node.config, standing)
    if refusal is not None:
        raise refusal
    engine, config = call.engine, node.config
    if not config.persist_items and not config.deliver_payloads:
        # Nothing is ever published here but that something has happened (§6.5.9.4).
        raise errors.Unsupported("persistent-items", "This node keeps no items")
    ids = payloads.parse_ids(call.verb)
    if ids:
        found = await named_items(engine, node, ids)
        return _answer(engine, node, found)
    if not config.persist_items:
        return _answer(engine, node, [] if node.last is None else [node.last])
    page = rsm.parse(call.root)
    newest = _max_items(call)
    if call.root.find(payloads.SET) is None:
        return await _newest(engine, node, newest)
    return await _page(engine, node, page)


def _max_items(call: Call) -> int:
    """How many of the newest items are wanted (§6.5.7)."""
    text = call.verb.get("max_items")
    if text is None or text == "max":
        return call.engine.section.items_per_node
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise errors.Malformed("max_items is a number")
    return min(int(text), call.engine.section.items_per_node)


async def named_items(engine: Engine, node: Node, ids: list[str]) -> list[ItemRow]:
    """Those of the named items that are there, and fit into an answer (§6.5.8)."""
    since, size = engine.since(node), 0
    found: list[ItemRow] = []
    for name in dict.fromkeys(ids):
        item = await _one(engine, node, name)
        if item is None or item.seq < since:
            continue
        size += len(item.payload) + len(item.id) + _OVERHEAD
        if found and size > MOST_BYTES:
            break
        found.append(item)
    return found


async def _one(engine: Engine, node: Node, name: str) -> ItemRow | None:
    if not node.config.persist_items:
        return node.last if node.last is not None and node.last.id == name else None
    return await store.find_item(engine.database, node.id, name)


async def newest_items(engine: Engine, node: Node, limit: int) -> tuple[list[ItemRow], bool]:
    """The newest items, the oldest of them first; and whether these are as many as wanted."""
    since = engine.since(node)
    if limit == 1:
        last = await store.last_item(engine.database, node.id, since)
        return ([] if last is None else [last]), True
    heads = await store.sizes(engine.database, node.id, since, MAX_ID, limit, backwards=True)
    count = fitting(heads)
    if not count:
        return [], True
    # What is published anew meanwhile moves to the end; it must not be missing for that.
    rows = await store.items(engine.database, node.id, heads[count - 1][0], MAX_ID)
    return rows[-limit:], count == len(heads)


async def _newest(engine: Engine, node: Node, limit: int) -> bytes:
    if not limit:
        return _answer(engine, node, [])
    found, is_whole = await newest_items(engine, node, limit)
    if is_whole:
        return _answer(engine, node, found)
    # "the service SHOULD return some of the items and note that the list of items has been
    # truncated by including a Result Set Management … notation" (§6.5.4)
    return _answer(engine, node, found, await _notation(engine, node, found))


def fitting(heads: list[tuple[int, int]]) -> int:
    """How many of the items, in their order, make an answer that is not too large."""
    size = 0
    for count, (_, length) in enumerate(heads):
        size += length + _OVERHEAD
        if count and size > MOST_BYTES:
            return count
    return len(heads)


async def _page(engine: Engine, node: Node, page: rsm.Page) -> bytes:
    """One page (XEP-0059 §2): the order is that of publication."""
    db, since = engine.database, engine.since(node)
    most = engine.section.items_per_node
    limit = most if page.max is None else min(page.max, most)
    if limit == 0:
        count = await store.count_items(db, node.id, since)
        return _answer(engine, node, [], rsm.build(count=count))
    first, last = since, MAX_ID
    if page.after:
        first = await _place(engine, node, page.after) + 1
    if page.before:
        last = await _place(engine, node, page.before) - 1
    if page.index:
        skipped = await store.oldest_items(db, node.id, since, page.index)
        first = skipped[-1].seq + 1 if len(skipped) == page.index else MAX_ID
    heads = await store.sizes(db, node.id, first, last, limit, backwards=page.is_backwards)
    heads = heads[: fitting(heads)]
    numbers = sorted(seq for seq, _ in heads)
    found = await store.items(db, node.id, numbers[0], numbers[-1]) if numbers else []
    return _answer(engine, node, found, await _notation(engine, node, found))


async def _place(engine: Engine, node: Node, name: str) -> int:
    """Where an item stands; "the responding entity … MUST return item-not-found" (§2.2)."""
    head = await store.item_head(engine.database, node.id, name)
    if head is None:
        raise errors.ItemNotFound
    return head.seq


async def _notation(engine: Engine, node: Node, found: list[ItemRow]) -> bytes:
    db, since = engine.database, engine.since(node)
    count = await store.count_items(db, node.id, since)
    if not found:
        return rsm.build(count=count)
    index = await store.count_items(db, node.id, since, before=found[0].seq)
    return rsm.build(found[0].id, found[-1].id, index, count)


def _answer(engine: Engine, node: Node, found: list[ItemRow], notation: bytes = b"") -> bytes:
    content = b"".join(engine.shown(node, item, in_event=False) for item in found)
    return payloads.pubsub(payloads.build_items(node.name, content) + notation)
