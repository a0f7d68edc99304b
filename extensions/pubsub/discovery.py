"""What places and nodes say of themselves (XEP-0060 §5, XEP-0163 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.disco.items import Item
from extensions.payloads import forms, info, rsm, timestamps
from extensions.pubsub import configuration, payloads, rules, store
from extensions.pubsub.configuration import PREFIX, texts
from extensions.pubsub.nodes import Node
from extensions.pubsub.rows import NodeRow
from extensions.pubsub.rules import Standing
from extensions.pubsub.terms import AccessModel, Affiliation, State
from server import message_id

if TYPE_CHECKING:
    from extensions.pubsub.configuration import NodeConfig
    from extensions.pubsub.engine import Engine
    from extensions.pubsub.place import Place
    from server.jid import JID

META_DATA: Final = f"{payloads.NS}#meta-data"

#: What every place can (§10). COMPAT: the access models say "the default is …", but clients (aTalk
#: among them) read them as "there is …": all are listed.
_BOTH: Final = (
    "access-authorize", "access-open", "access-presence", "access-roster", "access-whitelist",
    "config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items",
    "delete-nodes", "instant-nodes", "item-ids", "leased-subscription", "manage-subscriptions",
    "member-affiliation", "meta-data", "modify-affiliations", "multi-items",
    "outcast-affiliation", "persistent-items", "presence-notifications", "publish",
    "publish-node-full", "publish-only-affiliation", "publish-options", "publisher-affiliation",
    "purge-nodes", "retract-items", "retrieve-affiliations", "retrieve-default",
    "retrieve-default-sub", "retrieve-items", "retrieve-subscriptions", "rsm", "subscribe",
    "subscription-notifications", "subscription-options",
)  # fmt: skip
_PERSONAL: Final = (
    "auto-create", "auto-subscribe", "filtered-notifications", "last-published",
    "presence-subscribe", "pubsub-on-a-jid",
)  # fmt: skip

SHARED_FEATURES: Final = (payloads.NS, *(f"{payloads.NS}#{name}" for name in _BOTH))
PERSONAL_FEATURES: Final = (*SHARED_FEATURES, *(f"{payloads.NS}#{name}" for name in _PERSONAL))

#: What nobody can where nobody makes nodes.
_MAKING: Final = frozenset(
    f"{payloads.NS}#{name}" for name in ("create-nodes", "create-and-configure", "instant-nodes")
)

#: Fields of the configuration that everybody may see (§16.4.3).
_META: Final = (
    "title", "description", "language", "type", "contact", "access_model", "publish_model",
    "max_items",
)  # fmt: skip

#: Nodes in one answer, if nobody says how many are wanted.
PAGE: Final = 1000
#: How many are looked at at a time, and how often, to find those that may be shown.
_PORTION: Final = 200
_PORTIONS: Final = 25
#: So many nodes of a service are read to see whether their owners show somebody their presence.
_LOOKS: Final = 100
_FOLLOWS_PRESENCE: Final = (AccessModel.PRESENCE, AccessModel.ROSTER)


def shared_features(place: Place) -> list[str]:
    """What the service can, as it is configured."""
    return [each for each in SHARED_FEATURES if place.is_open_for_nodes or each not in _MAKING]


async def node_info(engine: Engine, place: Place, name: str, who: JID) -> info.Info:
    """What a node says of itself (§5.3, §5.4)."""
    node, standing = await engine.known(place, name, who)
    refusal = rules.refuse_access(node.config, standing)
    if refusal is not None:
        raise refusal
    return info.Info(
        (info.Identity("pubsub", "leaf", name=node.config.title),),
        tuple(sorted(shared_features(place))),
        (_meta_data(node),),
    )


def _meta_data(node: Node) -> forms.Form:
    config = node.config
    fields = [
        forms.Field(f"{PREFIX}{name}", texts(getattr(config, name)), _type(name))
        for name in _META
        if texts(getattr(config, name))
    ]
    created = timestamps.build(message_id.to_ms(node.id))
    publishers = [jid for jid, each in node.affiliations.items() if each is Affiliation.PUBLISHER]
    count = sum(each.state is State.SUBSCRIBED for each in node.subscriptions.values())
    fields += [
        forms.Field(f"{PREFIX}creation_date", (created,), "text-single"),
        forms.Field(f"{PREFIX}creator", (node.creator,), "jid-single"),
        forms.Field(f"{PREFIX}owner", tuple(node.owners()), "jid-multi"),
        forms.Field(f"{PREFIX}num_subscribers", (str(count),), "text-single"),
    ]
    if publishers:
        fields.append(forms.Field(f"{PREFIX}publisher", tuple(publishers), "jid-multi"))
    return forms.Form("result", forms.typed(META_DATA, *fields))


def _type(name: str) -> str:
    if name == "contact":
        return "jid-multi"
    return "list-single" if name.endswith("_model") or name == "language" else "text-single"


async def node_items(engine: Engine, place: Place, name: str, who: JID) -> list[Item]:
    """The items of a node by name (§5.5)."""
    node, standing = await engine.known(place, name, who)
    refusal = rules.refuse_reading(node.config, standing)
    if refusal is not None:
        raise refusal
    found = await store.oldest_items(engine.database, node.id, engine.since(node), PAGE)
    return [Item(place.jid, each.id) for each in found]


async def nodes(
    engine: Engine, place: Place, who: JID, page: rsm.Page | None = None
) -> tuple[list[Item], bytes]:
    """The nodes of a place that somebody may know of (§5.2), and which page it is.

    "the account owner's server MUST check the access model for each of the account owner's PEP
    nodes and MUST return as service discovery items only those nodes to which the contact is
    allowed to subscribe" (XEP-0163 §6.2)
    """
    page = page or rsm.Page()
    limit = PAGE if page.max is None else min(page.max, PAGE)
    db, account, service = engine.database, place.account, place.service
    start = (page.before if page.is_backwards else page.after) or ""
    rows = await _visible(engine, place, who, start, limit + 1, backwards=page.is_backwards)
    shown = rows[:limit]
    if page.is_backwards:
        shown.reverse()  # a page has the order of the whole (XEP-0059 §2.3)
    items = [Item(place.jid, configuration.load(row.config).title, row.name) for row in shown]
    if page == rsm.Page() and len(rows) <= limit:
        return items, b""
    # Hidden nodes are not counted either; "the count MAY be approximate" (XEP-0059 §2.6).
    count = await store.count_public(db, account, service)
    if not shown:
        return items, rsm.build(count=count)
    first, last = shown[0].name, shown[-1].name
    index = await store.count_public(db, account, service, before=first)
    return items, rsm.build(first, last, index, count)


async def _visible(
    engine: Engine, place: Place, who: JID, start: str, most: int, *, backwards: bool = False
) -> list[NodeRow]:
    """The next nodes that somebody may know of, however many others stand between them."""
    db, account, service = engine.database, place.account, place.service
    portion, found, left = max(most, _PORTION), list[NodeRow](), _LOOKS
    for _ in range(_PORTIONS):
        rows = await store.list_nodes(db, account, service, start, portion, backwards=backwards)
        configs = [configuration.load(row.config) for row in rows]
        closed = [
            row.id for row, config in zip(rows, configs, strict=True) if not rules.is_public(config)
        ]
        known = await store.affiliated_among(db, who.bare, closed)
        for row, config in zip(rows, configs, strict=True):
            # Whose presence counts at a service stands with each node; not all are looked at.
            looks = place.owner is None and config.access_model in _FOLLOWS_PRESENCE
            left -= looks
            if looks and left < 0:
                continue
            if await _may_know(engine, place, row, config, who, known.get(row.id)):
                found.append(row)
        if len(rows) < portion or len(found) >= most:
            break
        start = rows[-1].name
    return found[:most]


async def _may_know(
    engine: Engine, place: Place, row: NodeRow, config: NodeConfig, who: JID,
    affiliation: str | None,
) -> bool:  # fmt: skip
    model = config.access_model
    if who.bare == place.owner or rules.is_public(config):
        return True
    node: Node | None = Node(place.key(row.name), row.id, place.jid, config, place.owner)
    if place.owner is None and model in _FOLLOWS_PRESENCE:
        node = await engine.node(place, row.name)
    if node is None:
        return False
    ties = await place.ties(node, who.bare)
    standing = Standing(Affiliation(affiliation or Affiliation.NONE), False, *ties)
    return rules.refuse_access(config, standing) is None
