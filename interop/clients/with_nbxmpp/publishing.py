"""What nbxmpp is asked to publish, for contacts and for the user's other devices."""

# mypy: ignore-errors
# (the library lives in an environment of its own)

import base64
import hashlib

from nbxmpp.modules.user_avatar import Avatar
from nbxmpp.modules.vcard_temp import VCard
from nbxmpp.namespaces import Namespace
from nbxmpp.protocol import JID
from nbxmpp.structs import BookmarkData

from interop.capabilities import BOOKMARKS, PICTURE, Seen, Situation
from interop.clients.with_nbxmpp.client import Client, finished, is_refused, until


async def eventing(situation: Situation) -> Seen:
    alice = Client(situation.alice, situation).login()
    bob = Client(situation.bob, situation, Namespace.NICK).login()
    first, second, _ = situation.texts
    finished(alice.node.get_module("Nickname").set_nickname(first))
    stranger_refused = _is_hidden(bob, alice, Namespace.NICK)
    alice.befriend(bob)
    told = [bob.next_event().data]
    finished(alice.node.get_module("Nickname").set_nickname(second))
    told.append(bob.next_event().data)
    tablet = Client(situation.bob, situation, Namespace.NICK).login()
    return {
        "stranger_refused": stranger_refused,
        "told": told,
        "newcomer_told": [tablet.next_event().data],
    }


def _is_hidden(asking: Client, asked: Client, node: str) -> bool:
    pubsub = asking.node.get_module("PubSub")
    return is_refused(pubsub.request_items(node, jid=JID.from_string(asked.bare)))


async def avatar(situation: Situation) -> Seen:
    alice = Client(situation.alice, situation).login()
    bob = Client(situation.bob, situation, Namespace.AVATAR_METADATA).login()
    alice.befriend(bob)
    _publish_avatar(alice)
    return _see_avatar(bob, alice.bare)


async def avatar_old(situation: Situation) -> Seen:
    alice = Client(situation.alice, situation, Namespace.AVATAR_METADATA).login()
    bob = Client(situation.bob, situation).login()
    alice.befriend(bob)
    _publish_avatar(alice)
    hash_ = hashlib.sha1(PICTURE).hexdigest()
    until(lambda: (alice.bare, hash_) in bob.pictures)  # bob's client knows the old format only
    card = finished(bob.node.get_module("VCardTemp").request_vcard(JID.from_string(alice.bare)))
    in_vcard, _ = card.get_avatar()

    card = VCard()
    card.set_avatar(PICTURE, "image/png")
    finished(bob.node.get_module("VCardTemp").set_vcard(card))
    return {"in_vcard": base64.b64encode(in_vcard).decode(), **_see_avatar(alice, bob.bare)}


def _publish_avatar(client: Client) -> None:
    picture = Avatar()
    picture.add_image_source(PICTURE, "image/png", 1, 1)
    finished(client.node.get_module("UserAvatar").set_avatar(picture))


def _see_avatar(client: Client, owner: str) -> Seen:
    """Wait until a contact's avatar changes, and get it."""
    told = client.next_event(owner=owner).data.default
    plugin = client.node.get_module("UserAvatar")
    data = finished(plugin.request_avatar_data(told, JID.from_string(owner)))
    return {"told": told, "picture": base64.b64encode(data.data).decode()}


async def bookmarks(situation: Situation) -> Seen:
    phone = Client(situation.alice, situation).login()
    laptop = Client(situation.alice, situation, Namespace.BOOKMARKS_1).login()
    bob = Client(situation.bob, situation).login()
    plugin = phone.node.get_module("NativeBookmarks")
    laptop.ping()
    finished(plugin.store_bookmarks([_bookmark(each) for each in BOOKMARKS]))
    told = [str(laptop.next_event().data.jid) for _ in BOOKMARKS]
    finished(plugin.retract_bookmark(JID.from_string(BOOKMARKS[1]["jid"])))
    return {
        "told": told,
        "told_removed": [laptop.next_event(lambda event: event.retracted).id],
        "kept": _kept(laptop, "NativeBookmarks"),
        "hidden_from_others": _is_hidden(bob, phone, Namespace.BOOKMARKS_1),
    }


async def bookmarks_old(situation: Situation) -> Seen:
    phone, laptop = (Client(situation.alice, situation).login() for _ in range(2))
    written = [_bookmark(each) for each in BOOKMARKS]
    finished(phone.node.get_module("PrivateBookmarks").store_bookmarks(written))
    seen = {
        "kept": _kept(laptop, "PrivateBookmarks"),
        "native": _kept(laptop, "NativeBookmarks"),
    }
    finished(phone.node.get_module("PrivateBookmarks").store_bookmarks(written[:1]))
    return {**seen, "native_after": _kept(laptop, "NativeBookmarks")}


def _bookmark(bookmark: Seen) -> BookmarkData:
    return BookmarkData(
        JID.from_string(bookmark["jid"]),
        bookmark["name"] or None,
        bookmark["nick"] or None,
        bookmark["autojoin"],
    )


def _kept(client: Client, plugin: str) -> list[Seen]:
    """The bookmarks as the server has them, in one format or the other."""
    return [
        {
            "jid": str(each.jid),
            "name": each.name or "",
            "nick": each.nick or "",
            "autojoin": each.autojoin,
        }
        for each in finished(client.node.get_module(plugin).request_bookmarks())
    ]


async def displayed(situation: Situation) -> Seen:
    phone = Client(situation.alice, situation).login()
    laptop = Client(situation.alice, situation, Namespace.MDS).login()
    bob = Client(situation.bob, situation).login()
    plugin = phone.node.get_module("MDS")
    laptop.ping()
    told, ids = [], []
    for text in situation.texts[:2]:
        bob.say(phone.full, text)
        ((_, properties),) = phone.receive(1)
        ids.append(properties.stanza_ids[0].id)
        finished(plugin.set_mds(JID.from_string(bob.bare), ids[-1]))
        told.append(_mark(laptop.next_event().data))
    finished(plugin.set_mds(JID.from_string("other@example.org"), ids[0]))
    return {
        "ids": ids,
        "told": told,
        "kept": dict(map(_mark, finished(laptop.node.get_module("MDS").get_mds()))),
        "hidden_from_others": _is_hidden(bob, phone, Namespace.MDS),
    }


def _mark(data) -> tuple[str, str]:
    return str(data.jid), data.stanza_id
