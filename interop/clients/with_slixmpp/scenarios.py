"""What slixmpp is asked to do."""

# mypy: disable-error-code="arg-type, misc, no-untyped-call, union-attr"
# (the library annotates itself only in part, and differently from release to release)

import asyncio
from typing import Any

from interop.capabilities import Seen, Situation
from interop.clients.report import main
from interop.clients.with_slixmpp.account import blocking, commands, push, vcard
from interop.clients.with_slixmpp.client import PATIENCE, Client, both
from interop.clients.with_slixmpp.publishing import (
    avatar,
    avatar_old,
    bookmarks,
    bookmarks_old,
    displayed,
    eventing,
    pubsub,
)


async def starttls(situation: Situation) -> Seen:
    return await _login(situation, direct_tls=False)


async def direct_tls(situation: Situation) -> Seen:
    return await _login(situation, direct_tls=True)


async def _login(situation: Situation, *, direct_tls: bool) -> Seen:
    alice = await Client(situation.alice, situation, direct_tls=direct_tls).login()
    seen = {"jid": str(alice.boundjid), "encrypted": alice.encrypted}
    await alice.logout()
    return seen


async def messages(situation: Situation) -> Seen:
    alice, bob = await both(situation)
    for text in situation.texts:
        alice.send_message(bob.boundjid.bare, text)
    bob_got = await bob.bodies(len(situation.texts))
    for text in situation.texts:
        bob.send_message(alice.boundjid.full, text)
    alice_got = await alice.bodies(len(situation.texts))
    return {
        "bob_got": bob_got + await bob.surplus(),
        "alice_got": alice_got + await alice.surplus(),
    }


async def roster(situation: Situation) -> Seen:
    alice, bob = await both(situation)
    a, b = situation.alice, situation.bob
    await alice.update_roster(b, name="Bob", groups=["Friends"])
    alice.send_presence_subscription(b)
    await bob.presence("subscribe", a)
    bob.send_presence_subscription(a, ptype="subscribed")
    bob.send_presence_subscription(a)
    await alice.presence("subscribe", b)
    alice.send_presence_subscription(b, ptype="subscribed")
    alice_saw_bob = await alice.presence("available", b)
    bob_saw_alice = await bob.presence("available", a)
    seen = {
        "alice_roster": await _item(alice, b),
        "bob_roster": await _item(bob, a),
        "alice_saw_bob": alice_saw_bob["from"] == bob.boundjid,
        "bob_saw_alice": bob_saw_alice["from"] == alice.boundjid,
    }
    await alice.del_roster_item(b)
    await bob.presence("unsubscribed", a)
    after = await _item(bob, a)
    seen["alice_roster_after_removal"] = await _item(alice, b)
    seen["bob_subscription_after_removal"] = after and after["subscription"]
    return seen


async def _item(client: Client, jid: str) -> Seen | None:
    """One roster entry as the server has it now."""
    iq = client.make_iq_get("jabber:iq:roster")
    item = (await iq.send())["roster"]["items"].get(jid)
    if item is None:
        return None
    return {
        "subscription": item["subscription"],
        "name": item["name"],
        "groups": list(item["groups"]),
    }


async def carbons(situation: Situation) -> Seen:
    phone, laptop = (Client(situation.alice, situation) for _ in range(2))
    copies: dict[str, asyncio.Queue[Any]] = {}
    for name in ("received", "sent"):
        copies[name] = asyncio.Queue()
        laptop.register_plugin("xep_0280")
        laptop.add_event_handler(f"carbon_{name}", copies[name].put_nowait)
    await phone.login()
    await laptop.login()
    await laptop["xep_0280"].enable()
    bob = await Client(situation.bob, situation).login()
    for text in situation.texts:
        bob.send_message(phone.boundjid.full, text, mtype="chat")
    await phone.bodies(len(situation.texts))
    for text in situation.texts:
        phone.send_message(bob.boundjid.full, text, mtype="chat")
    return {
        name: [
            (await asyncio.wait_for(queue.get(), PATIENCE))[f"carbon_{name}"]["body"]
            for _ in situation.texts
        ]
        for name, queue in copies.items()
    }


async def receipts(situation: Situation) -> Seen:
    alice, bob = (Client(jid, situation) for jid in (situation.alice, situation.bob))
    received: asyncio.Queue[Any] = asyncio.Queue()
    for client in (alice, bob):
        client.register_plugin("xep_0184")
    alice.add_event_handler("receipt_received", received.put_nowait)
    await alice.login()
    await bob.login()
    message = alice.make_message(bob.boundjid.full, situation.texts[0], mtype="chat")
    message["request_receipt"] = True
    message.send()
    receipt = await asyncio.wait_for(received.get(), PATIENCE)
    return {"sent": message["id"], "received": [receipt["receipt"]]}


async def offline(situation: Situation) -> Seen:
    alice = await Client(situation.alice, situation).login()
    for text in situation.texts:
        alice.send_message(situation.bob, text, mtype="chat")
    await alice["xep_0199"].ping(situation.domain, timeout=PATIENCE)
    bob = await Client(situation.bob, situation).login()
    got = await bob.receive(len(situation.texts))
    return {
        "bodies": [message["body"] for message in got] + await bob.surplus(),
        "delayed": [bool(message["delay"]["stamp"]) for message in got],
    }


async def archive(situation: Situation) -> Seen:
    alice, bob = (Client(jid, situation) for jid in (situation.alice, situation.bob))
    alice.register_plugin("xep_0313")
    await alice.login()
    await bob.login()
    for text in situation.texts:
        alice.send_message(situation.bob, text, mtype="chat")
    await bob.bodies(len(situation.texts))
    bodies, pages, last = [], 0, None
    while True:
        page = await alice["xep_0313"].retrieve(
            with_jid=situation.bob, rsm={"max": "2", "after": last} if last else {"max": "2"}
        )
        pages += 1
        fin = page["mam_fin"]
        bodies += [
            message["mam_result"]["forwarded"]["stanza"]["body"]
            for message in page["mam"]["results"]
        ]
        last = fin["rsm"]["last"]
        complete = fin["complete"] in {"true", "1"}
        if complete or not last:
            return {"bodies": bodies, "pages": pages, "complete": complete}


async def resumption(situation: Situation) -> Seen:
    alice, bob = await both(situation)
    before = str(alice.boundjid)
    texts = situation.texts
    bob.send_message(before, texts[0], mtype="chat")
    alice_got = await alice.bodies(1)
    alice.transport.abort()
    await alice.wait_until("disconnected", PATIENCE)
    for text in texts[1:]:
        bob.send_message(before, text, mtype="chat")
    for text in texts:
        alice.send_message(bob.boundjid.full, text, mtype="chat")
    await bob["xep_0199"].ping(situation.domain, timeout=PATIENCE)
    alice.connect(*alice.address)
    await alice.wait_until("session_resumed", PATIENCE)
    alice_got += await alice.bodies(len(texts) - 1)
    bob_got = await bob.bodies(len(texts))
    return {
        "resumed": True,
        "jid_before": before,
        "jid_after": str(alice.boundjid),
        "alice_got": alice_got + await alice.surplus(),
        "bob_got": bob_got + await bob.surplus(),
    }


if __name__ == "__main__":
    main(
        *(starttls, direct_tls, messages, roster, carbons, receipts, offline, archive, resumption),
        *(eventing, avatar, avatar_old, bookmarks, bookmarks_old, pubsub, displayed),
        *(blocking, vcard, commands, push),
    )
