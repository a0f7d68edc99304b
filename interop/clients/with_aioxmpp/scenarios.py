"""What aioxmpp is asked to do."""

# mypy: ignore-errors
# (the library has no annotations)

import asyncio
from typing import Any

import aioxmpp
from aioxmpp.tracking import MessageState

from interop.capabilities import Seen, Situation
from interop.clients.report import main
from interop.clients.with_aioxmpp.account import blocking, commands, vcard
from interop.clients.with_aioxmpp.client import PATIENCE, Client, fired
from interop.clients.with_aioxmpp.publishing import avatar, bookmarks_old, eventing, pubsub


async def starttls(situation: Situation) -> Seen:
    return await _login(situation, direct_tls=False)


async def direct_tls(situation: Situation) -> Seen:
    return await _login(situation, direct_tls=True)


async def _login(situation: Situation, *, direct_tls: bool) -> Seen:
    alice = await Client(situation.alice, situation, direct_tls=direct_tls).login()
    seen = {"jid": str(alice.jid), "encrypted": alice.encrypted}
    await alice.logout()
    return seen


async def messages(situation: Situation) -> Seen:
    alice, bob = await _both(situation)
    for text in situation.texts:
        await alice.say(bob.jid.bare(), text)
    bob_got = await bob.bodies(len(situation.texts))
    for text in situation.texts:
        await bob.say(alice.jid, text)
    alice_got = await alice.bodies(len(situation.texts))
    return {
        "bob_got": bob_got + await bob.surplus(),
        "alice_got": alice_got + await alice.surplus(),
    }


async def roster(situation: Situation) -> Seen:
    alice, bob = await _both(situation)
    a, b = alice.jid.bare(), bob.jid.bare()
    await alice.roster.set_entry(b, name="Bob", add_to_groups={"Friends"})
    bob_asked = fired(bob.roster.on_subscribe)
    alice_asked = fired(alice.roster.on_subscribe)
    alice_saw = fired(alice.presence.on_available)
    bob_saw = fired(bob.presence.on_available)
    alice.roster.subscribe(b)
    await bob_asked
    bob.roster.approve(a)
    bob.roster.subscribe(a)
    await alice_asked
    alice.roster.approve(b)
    seen = {
        "alice_saw_bob": (await alice_saw) == bob.jid,
        "bob_saw_alice": (await bob_saw) == alice.jid,
    }
    await alice.ping()
    await bob.ping()
    seen |= {"alice_roster": _item(alice, b), "bob_roster": _item(bob, a)}
    refused = fired(bob.roster.on_unsubscribed)
    await alice.roster.remove_entry(b)
    await refused
    await bob.ping()
    after = _item(bob, a)
    seen["alice_roster_after_removal"] = _item(alice, b)
    seen["bob_subscription_after_removal"] = after and after["subscription"]
    return seen


def _item(client: Client, jid: Any) -> Seen | None:
    """One roster entry as the client knows it from the server's pushes."""
    item = client.roster.items.get(jid)
    if item is None:
        return None
    return {
        "subscription": item.subscription,
        "name": item.name,
        "groups": sorted(item.groups),
    }


async def carbons(situation: Situation) -> Seen:
    phone, laptop, bob = [
        await Client(jid, situation).login()
        for jid in (situation.alice, situation.alice, situation.bob)
    ]
    await laptop.node.summon(aioxmpp.CarbonsClient).enable()
    for text in situation.texts:
        await bob.say(phone.jid, text)
    received = [copy.xep0280_received for copy in await laptop.copies(len(situation.texts))]
    for text in situation.texts:
        await phone.say(bob.jid, text)
    sent = [copy.xep0280_sent for copy in await laptop.copies(len(situation.texts))]
    return {
        "received": [carbon and carbon.stanza.body.any() for carbon in received],
        "sent": [carbon and carbon.stanza.body.any() for carbon in sent],
    }


async def receipts(situation: Situation) -> Seen:
    alice, bob = await _both(situation)
    message = alice.message(bob.jid, situation.texts[0])
    tracker = alice.receipts.attach_tracker(message)
    changed = asyncio.ensure_future(_reaches(tracker, MessageState.DELIVERED_TO_RECIPIENT))
    await alice.node.send(message)
    (received,) = await bob.receive(1)
    await bob.node.send(aioxmpp.mdr.compose_receipt(received))
    await asyncio.wait_for(changed, PATIENCE)
    return {"sent": message.id_, "received": [received.id_]}


async def _reaches(tracker: Any, state: MessageState) -> None:
    """Wait until a tracker is in this state."""
    done: asyncio.Future[None] = asyncio.Future()

    def note(now: MessageState, *_: Any) -> None:
        if now == state and not done.done():
            done.set_result(None)

    tracker.on_state_changed.connect(note)
    await done


async def offline(situation: Situation) -> Seen:
    alice = await Client(situation.alice, situation).login()
    bob = Client(situation.bob, situation)
    for text in situation.texts:
        await alice.say(bob.jid, text)
    await alice.ping()
    await bob.login()
    got = await bob.receive(len(situation.texts))
    return {
        "bodies": [message.body.any() for message in got] + await bob.surplus(),
        "delayed": [bool(message.xep0203_delay) for message in got],
    }


async def resumption(situation: Situation) -> Seen:
    alice, bob = await _both(situation)
    before, texts = alice.jid, situation.texts
    await bob.say(before, texts[0])
    alice_got = await alice.bodies(1)
    resumed = fired(alice.node.on_stream_resumed)
    suspended = fired(alice.node.on_stream_suspended)
    alice.cut()
    await suspended
    for text in texts[1:]:
        await bob.say(before, text)
    for text in texts:
        alice.node.enqueue(alice.message(bob.jid, text))
    await bob.ping()
    await resumed
    alice_got += await alice.bodies(len(texts) - 1)
    bob_got = await bob.bodies(len(texts))
    return {
        "resumed": True,
        "jid_before": str(before),
        "jid_after": str(alice.jid),
        "alice_got": alice_got + await alice.surplus(),
        "bob_got": bob_got + await bob.surplus(),
    }


async def _both(situation: Situation) -> tuple[Client, Client]:
    alice = await Client(situation.alice, situation).login()
    return alice, await Client(situation.bob, situation).login()


if __name__ == "__main__":
    main(
        *(starttls, direct_tls, messages, roster, carbons, receipts, offline, resumption),
        *(eventing, avatar, pubsub, bookmarks_old, blocking, vcard, commands),
    )
