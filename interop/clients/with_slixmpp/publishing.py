"""What slixmpp is asked to publish, for contacts, for other devices and for everybody."""

# mypy: disable-error-code="arg-type, misc, no-untyped-call, union-attr"
# (the library annotates itself only in part, and differently from release to release)

import asyncio
import base64
import hashlib
from typing import Any

from interop.capabilities import BOOKMARKS, LETTERS, PICTURE, Seen, Situation
from interop.clients.with_slixmpp import bookmarking
from interop.clients.with_slixmpp.client import PATIENCE, Client, both, interested, is_refused

_NICK = "http://jabber.org/protocol/nick"
_DISPLAYED = "urn:xmpp:mds:displayed:0"


async def eventing(situation: Situation) -> Seen:
    alice, bob, tablet = (
        interested(jid, situation, "xep_0172")
        for jid in (situation.alice, situation.bob, situation.bob)
    )
    told, newcomer_told = (client.news("user_nick_publish") for client in (bob, tablet))
    await alice.login()
    await bob.login()
    first, second, _ = situation.texts
    await alice["xep_0172"].publish_nick(first)
    stranger_refused = await is_refused(bob["xep_0060"].get_items(situation.alice, _NICK))
    await alice.befriend(bob)
    nicks = [await _nick(told)]
    await alice["xep_0172"].publish_nick(second)
    nicks.append(await _nick(told))
    await tablet.login()
    return {
        "stranger_refused": stranger_refused,
        "told": nicks,
        "newcomer_told": [await _nick(newcomer_told)],
    }


async def _nick(queue: "asyncio.Queue[Any]") -> str:
    event = await asyncio.wait_for(queue.get(), PATIENCE)
    return str(event["pubsub_event"]["items"]["item"]["nick"]["nick"])


async def avatar(situation: Situation) -> Seen:
    alice, bob = (
        interested(jid, situation, "xep_0084") for jid in (situation.alice, situation.bob)
    )
    told = bob.news("avatar_metadata_publish")
    await alice.login()
    await bob.login()
    await alice.befriend(bob)
    await _publish_avatar(alice)
    return await _see_avatar(bob, situation.alice, told)


async def avatar_old(situation: Situation) -> Seen:
    alice, bob = (
        interested(jid, situation, "xep_0054", "xep_0084")
        for jid in (situation.alice, situation.bob)
    )
    told = alice.news("avatar_metadata_publish")
    await alice.login()
    await bob.login()
    await alice.befriend(bob)
    await _publish_avatar(alice)
    while not _shows_picture(await asyncio.wait_for(bob.presences.get(), PATIENCE)):
        pass
    card = (await bob["xep_0054"].get_vcard(situation.alice))["vcard_temp"]
    in_vcard = card["PHOTO"]["BINVAL"]

    card = bob["xep_0054"].make_vcard()
    card["PHOTO"]["TYPE"] = "image/png"
    card["PHOTO"]["BINVAL"] = PICTURE
    await bob["xep_0054"].publish_vcard(card)
    return {
        "in_vcard": base64.b64encode(in_vcard).decode(),
        **await _see_avatar(alice, situation.bob, told),
    }


def _shows_picture(presence: Any) -> bool:
    """Whether a contact says that his vCard has the picture (XEP-0153 §3.1)."""
    photo = presence.xml.findtext("{vcard-temp:x:update}x/{vcard-temp:x:update}photo")
    return bool(photo == hashlib.sha1(PICTURE).hexdigest())


async def _publish_avatar(client: Client) -> None:
    plugin = client["xep_0084"]
    id_ = plugin.generate_id(PICTURE)
    await plugin.publish_avatar(PICTURE)
    await plugin.publish_avatar_metadata(
        {"id": id_, "type": "image/png", "bytes": str(len(PICTURE))}
    )


async def _see_avatar(client: Client, owner: str, told: "asyncio.Queue[Any]") -> Seen:
    """Wait until a contact's avatar changes, and get it."""
    while (event := await asyncio.wait_for(told.get(), PATIENCE))["from"].bare != owner:
        pass
    (info,) = event["pubsub_event"]["items"]["item"]["avatar_metadata"]["items"]
    answer = await client["xep_0084"].retrieve_avatar(owner, info["id"])
    picture = answer["pubsub"]["items"]["item"]["avatar_data"]["value"]
    return {"told": info["id"], "picture": base64.b64encode(picture).decode()}


async def bookmarks(situation: Situation) -> Seen:
    phone, laptop, bob = (
        interested(jid, situation, "xep_0402")
        for jid in (situation.alice, situation.alice, situation.bob)
    )
    told, removed = bookmarking.news(laptop)
    for client in (phone, laptop, bob):
        await client.login()
    for bookmark in BOOKMARKS:
        await bookmarking.publish(phone, bookmark)
    seen = {"told": [await asyncio.wait_for(told.get(), PATIENCE) for _ in BOOKMARKS]}
    await phone["xep_0060"].retract(
        situation.alice, bookmarking.NODE, BOOKMARKS[1]["jid"], notify="true"
    )
    return {
        **seen,
        "told_removed": [await asyncio.wait_for(removed.get(), PATIENCE)],
        "kept": await bookmarking.read(laptop),
        "hidden_from_others": await is_refused(
            bob["xep_0060"].get_items(situation.alice, bookmarking.NODE)
        ),
    }


async def bookmarks_old(situation: Situation) -> Seen:
    phone, laptop = (interested(situation.alice, situation, "xep_0048", "xep_0402") for _ in "12")
    for client in (phone, laptop):
        await client.login()
    await _store_old(phone, *BOOKMARKS)
    answer = await laptop["xep_0048"].get_bookmarks()
    kept = [
        {
            "jid": each["jid"],
            "name": each["name"],
            "nick": each["nick"],
            "autojoin": each["autojoin"],
        }
        for each in answer["private"]["bookmarks"]["conferences"]
    ]
    native = await bookmarking.read(laptop)
    await _store_old(phone, BOOKMARKS[0])
    return {"kept": kept, "native": native, "native_after": await bookmarking.read(laptop)}


async def _store_old(client: Client, *bookmarks: Seen) -> None:
    """Write all bookmarks in the old format."""
    stanza = client["xep_0048"].stanza
    element = stanza.Bookmarks()
    for each in bookmarks:
        conference = stanza.Conference(None, element)
        for name, value in each.items():
            if value:
                conference[name] = value
    await client["xep_0048"].set_bookmarks(element)


async def displayed(situation: Situation) -> Seen:
    phone, laptop, bob = (
        interested(jid, situation, "xep_0359", "xep_0490")
        for jid in (situation.alice, situation.alice, situation.bob)
    )
    # COMPAT: slixmpp 1.17 notes interests for the address before a resource is bound to it.
    laptop.add_event_handler("session_start", lambda _: laptop["xep_0163"].add_interest(_DISPLAYED))
    told = laptop.news("message_displayed_synchronization_publish")
    for client in (phone, laptop, bob):
        await client.login()
    ids, heard = [], []
    for text in situation.texts[:2]:
        bob.send_message(phone.boundjid.full, text, mtype="chat")
        ((message),) = await phone.receive(1)
        ids.append(message["stanza_id"]["id"])
        await phone["xep_0490"].flag_chat(situation.bob, ids[-1])
        event = await asyncio.wait_for(told.get(), PATIENCE)
        heard.append(_mark(event["pubsub_event"]["items"]["item"]))
    await phone["xep_0490"].flag_chat("other@example.org", ids[0])
    answer = await laptop["xep_0490"].catch_up()
    return {
        "ids": ids,
        "told": heard,
        "kept": dict(_mark(item) for item in answer["pubsub"]["items"]),
        "hidden_from_others": await is_refused(
            bob["xep_0060"].get_items(situation.alice, _DISPLAYED)
        ),
    }


def _mark(item: Any) -> tuple[str, str]:
    return item["id"], item["displayed"]["stanza_id"]["id"]


async def pubsub(situation: Situation) -> Seen:
    alice, bob = await both(situation, "xep_0060", "xep_0172")
    service = f"pubsub.{situation.domain}"
    ours, theirs = (client["xep_0060"] for client in (alice, bob))
    told, retracted, deleted = (
        bob.news(f"pubsub_{event}") for event in ("publish", "retract", "delete")
    )
    await ours.create_node(service, LETTERS)
    await theirs.subscribe(service, LETTERS)
    first, second, third = situation.texts
    for id_, text in (("1", first), ("2", second)):
        await ours.publish(service, LETTERS, id_, _letter(alice, text))
    heard = [await asyncio.wait_for(told.get(), PATIENCE) for _ in range(2)]
    seen = {
        "told": [_text(each["pubsub_event"]["items"]["item"]) for each in heard],
        "stranger_refused": await is_refused(
            theirs.publish(service, LETTERS, "3", _letter(bob, third))
        ),
        "items": await _letters(bob, service),
    }
    await ours.retract(service, LETTERS, "1", notify="true")
    event = await asyncio.wait_for(retracted.get(), PATIENCE)
    seen |= {
        "told_retracted": [event["pubsub_event"]["items"]["retract"]["id"]],
        "items_after": await _letters(bob, service),
    }
    await ours.delete_node(service, LETTERS)
    event = await asyncio.wait_for(deleted.get(), PATIENCE)
    return {
        **seen,
        "told_deleted": event["pubsub_event"]["delete"]["node"],
        "gone": await is_refused(theirs.get_items(service, LETTERS)),
    }


def _letter(client: Client, text: str) -> Any:
    element = client["xep_0172"].stanza.UserNick()
    element["nick"] = text
    return element


async def _letters(client: Client, service: str) -> Seen:
    """What is in the node, by id."""
    answer = await client["xep_0060"].get_items(service, LETTERS)
    return {item["id"]: _text(item) for item in answer["pubsub"]["items"]}


def _text(item: Any) -> str:
    """What a letter says."""
    return str(item.xml.findtext(f"{{{_NICK}}}nick"))
