"""What aioxmpp is asked to change about an account."""

# mypy: ignore-errors
# (the library has no annotations)

import asyncio
import base64
from typing import Any

import aioxmpp
import aioxmpp.vcard
from lxml import etree

from interop.capabilities import PICTURE, Seen, Situation
from interop.clients.with_aioxmpp.client import PATIENCE, Client

FULL_NAME = "{vcard-temp}FN"


async def blocking(situation: Situation) -> Seen:
    alice, bob = (Client(jid, situation) for jid in (situation.alice, situation.bob))
    client = alice.node.summon(aioxmpp.BlockingClient)
    await alice.login()
    await bob.login()
    await client.block_jids([bob.jid.bare()])
    await alice.ping()
    blocked = list(client.blocklist)
    await bob.say(alice.jid.bare(), situation.texts[0])
    error = await asyncio.wait_for(bob.messages.get(), PATIENCE)
    await client.unblock_jids([bob.jid.bare()])
    await bob.say(alice.jid.bare(), situation.texts[1])
    return {
        "blocked": [str(jid) for jid in blocked],
        "refused": error.error.condition.value[1],
        "got": await alice.bodies(1) + await alice.surplus(),
        "blocked_after": [str(jid) for jid in client.blocklist],
    }


async def vcard(situation: Situation) -> Seen:
    alice, bob = [await Client(jid, situation).login() for jid in (situation.alice, situation.bob)]
    ours, theirs = (client.node.summon(aioxmpp.vcard.VCardService) for client in (alice, bob))
    card = await ours.get_vcard()
    etree.SubElement(card.elements, FULL_NAME).text = situation.texts[1]
    card.set_photo_data("image/png", PICTURE)
    await ours.set_vcard(card)
    got = await theirs.get_vcard(alice.jid.bare())
    return {
        "name": got.elements.findtext(FULL_NAME),
        "picture": base64.b64encode(got.get_photo_data()).decode(),
    }


async def commands(situation: Situation) -> Seen:
    alice, bob = [await Client(jid, situation).login() for jid in (situation.alice, situation.bob)]
    client = alice.node.summon(aioxmpp.AdHocClient)
    own = alice.jid.bare()
    offered = [item.node for item in await client.get_commands(own)]
    session = await client.execute(own, "privacy")
    before = _field(session, "strangers").values[0]
    _field(session, "strangers").values[:] = ["contacts"]
    session.first_payload.type_ = aioxmpp.forms.DataType.SUBMIT
    await session.proceed(action=aioxmpp.adhoc.ActionType.COMPLETE)
    status = session.status.value
    await bob.say(own, situation.texts[0])
    error = await asyncio.wait_for(bob.messages.get(), PATIENCE)
    again = await client.execute(own, "privacy")
    return {
        "offered": offered,
        "before": before,
        "status": status,
        "refused": error.error.condition.value[1],
        "after": _field(again, "strangers").values[0],
        "got": await alice.surplus(),
    }


def _field(session: Any, name: str) -> Any:
    """A field of the form that a command shows."""
    return next(field for field in session.first_payload.fields if field.var == name)
