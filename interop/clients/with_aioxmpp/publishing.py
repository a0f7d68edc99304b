"""What aioxmpp is asked to publish, for contacts and in nodes of the service."""

# mypy: ignore-errors
# (the library has no annotations)

import asyncio
import base64
from typing import Any

import aioxmpp
import aioxmpp.avatar
import aioxmpp.bookmarks
from aioxmpp.pubsub.xso import as_payload_class

from interop.capabilities import BOOKMARKS, LETTERS, PICTURE, Seen, Situation
from interop.clients.with_aioxmpp.client import PATIENCE, Client, fired, is_refused


@as_payload_class
class Nick(aioxmpp.xso.XSO):
    """A nickname (XEP-0172), which the library does not have."""

    TAG = ("http://jabber.org/protocol/nick", "nick")
    text = aioxmpp.xso.Text()


@as_payload_class
class Conference(aioxmpp.xso.XSO):
    """A bookmark as other clients publish it (XEP-0402), which the library does not have."""

    TAG = ("urn:xmpp:bookmarks:1", "conference")
    name = aioxmpp.xso.Attr("name", default="")
    autojoin = aioxmpp.xso.Attr("autojoin", type_=aioxmpp.xso.Bool(), default=False)
    nick = aioxmpp.xso.ChildText(("urn:xmpp:bookmarks:1", "nick"), default="")
    UNKNOWN_CHILD_POLICY = aioxmpp.xso.UnknownChildPolicy.DROP


async def eventing(situation: Situation) -> Seen:
    alice, bob, tablet = (
        Client(jid, situation) for jid in (situation.alice, situation.bob, situation.bob)
    )
    told, newcomer_told = (_nicks(client) for client in (bob, tablet))
    pep = alice.node.summon(aioxmpp.PEPClient)
    await alice.login()
    await bob.login()
    first, second, _ = situation.texts
    await pep.publish(Nick.TAG[0], _nick(first))
    stranger_refused = await is_refused(
        bob.node.summon(aioxmpp.PubSubClient).get_items(alice.jid.bare(), Nick.TAG[0])
    )
    await alice.befriend(bob)
    nicks = [await asyncio.wait_for(told.get(), PATIENCE)]
    await pep.publish(Nick.TAG[0], _nick(second))
    nicks.append(await asyncio.wait_for(told.get(), PATIENCE))
    await tablet.login()
    return {
        "stranger_refused": stranger_refused,
        "told": nicks,
        "newcomer_told": [await asyncio.wait_for(newcomer_told.get(), PATIENCE)],
    }


def _nick(text: str) -> Nick:
    nick = Nick()
    nick.text = text
    return nick


def _nicks(client: Client) -> "asyncio.Queue[str]":
    """Where the nicknames of contacts arrive."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    client.node.summon(aioxmpp.EntityCapsService)
    client.claim = client.node.summon(aioxmpp.PEPClient).claim_pep_node(Nick.TAG[0], notify=True)

    def note(jid: Any, node: str, item: Any, **_: Any) -> None:
        queue.put_nowait(item.registered_payload.text)

    client.claim.on_item_publish.connect(note)
    return queue


async def avatar(situation: Situation) -> Seen:
    alice, bob = (Client(jid, situation) for jid in (situation.alice, situation.bob))
    bob.node.summon(aioxmpp.EntityCapsService)
    service, watcher = (client.node.summon(aioxmpp.avatar.AvatarService) for client in (alice, bob))
    await alice.login()
    await bob.login()
    await alice.befriend(bob)
    told: asyncio.Queue[Any] = asyncio.Queue()
    watcher.on_metadata_changed.connect(lambda _, metadata: told.put_nowait(metadata))
    pictures = aioxmpp.avatar.AvatarSet()
    pictures.add_avatar_image("image/png", image_bytes=PICTURE)
    await service.publish_avatar_set(pictures)
    metadata = []
    while not metadata or not metadata[0].has_image_data_in_pubsub:
        metadata = await asyncio.wait_for(told.get(), PATIENCE)
    picture = await metadata[0].get_image_bytes()
    return {"told": metadata[0].id_, "picture": base64.b64encode(picture).decode()}


async def pubsub(situation: Situation) -> Seen:
    alice, bob = await _both(situation)
    service = aioxmpp.JID.fromstr(f"pubsub.{situation.domain}")
    ours, theirs = (client.node.summon(aioxmpp.PubSubClient) for client in (alice, bob))
    told, retracted = asyncio.Queue(), fired(theirs.on_item_retracted, 2)
    deleted = fired(theirs.on_node_deleted, 1)
    theirs.on_item_published.connect(
        lambda _, __, item, **___: told.put_nowait(item.registered_payload.text)
    )
    await ours.create(service, LETTERS)
    await theirs.subscribe(service, LETTERS, subscription_jid=bob.jid.bare())
    first, second, third = situation.texts
    for id_, text in (("1", first), ("2", second)):
        await ours.publish(service, LETTERS, _nick(text), id_=id_)
    seen = {
        "told": [await asyncio.wait_for(told.get(), PATIENCE) for _ in range(2)],
        "stranger_refused": await is_refused(theirs.publish(service, LETTERS, _nick(third))),
        "items": await _letters(theirs, service),
    }
    await ours.retract(service, LETTERS, "1", notify=True)
    seen |= {"told_retracted": [await retracted], "items_after": await _letters(theirs, service)}
    await ours.delete(service, LETTERS)
    return {
        **seen,
        "told_deleted": await deleted,
        "gone": await is_refused(theirs.get_items(service, LETTERS)),
    }


async def _letters(client: Any, service: Any) -> Seen:
    """What is in the node, by id."""
    answer = await client.get_items(service, LETTERS)
    return {item.id_: item.registered_payload.text for item in answer.payload.items}


async def bookmarks_old(situation: Situation) -> Seen:
    phone, laptop = (Client(situation.alice, situation) for _ in range(2))
    for client in (phone, laptop):
        await client.login()
    writing, reading = (
        client.node.summon(aioxmpp.bookmarks.BookmarkClient) for client in (phone, laptop)
    )
    removed = fired(reading.on_bookmark_removed)
    for each in BOOKMARKS:
        await writing.add_bookmark(
            aioxmpp.bookmarks.Conference(
                each["name"] or None, aioxmpp.JID.fromstr(each["jid"]),
                nick=each["nick"] or None, autojoin=each["autojoin"],
            )
        )  # fmt: skip
    kept = [_plain(each) for each in await reading.get_bookmarks()]
    native = await _native(laptop)
    unwanted = aioxmpp.JID.fromstr(BOOKMARKS[1]["jid"])
    (bookmark,) = [each for each in await writing.get_bookmarks() if each.jid == unwanted]
    await writing.discard_bookmark(bookmark)
    await reading.sync()
    assert (await removed).jid == unwanted
    return {"kept": kept, "native": native, "native_after": await _native(laptop)}


def _plain(bookmark: Any) -> Seen:
    return {
        "jid": str(bookmark.jid), "name": bookmark.name or "", "nick": bookmark.nick or "",
        "autojoin": bookmark.autojoin,
    }  # fmt: skip


async def _native(client: Client) -> list[Seen]:
    """The bookmarks as newer clients see them."""
    pubsub = client.node.summon(aioxmpp.PubSubClient)
    answer = await pubsub.get_items(client.jid.bare(), Conference.TAG[0])
    found = [(item.id_, item.registered_payload) for item in answer.payload.items]
    return [
        {"jid": jid, "name": each.name, "nick": each.nick, "autojoin": each.autojoin}
        for jid, each in found
    ]


async def _both(situation: Situation) -> tuple[Client, Client]:
    alice = await Client(situation.alice, situation).login()
    return alice, await Client(situation.bob, situation).login()
