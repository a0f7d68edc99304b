"""What slixmpp is asked to change about an account."""

# mypy: disable-error-code="arg-type, misc, no-untyped-call, union-attr"
# (the library annotates itself only in part, and differently from release to release)

import asyncio
import base64
from xml.etree import ElementTree as ET

from interop.capabilities import LETTERS, PICTURE, Seen, Situation
from interop.clients.with_slixmpp.client import PATIENCE, Client, both

_PUSH = "urn:xmpp:push:0"


async def blocking(situation: Situation) -> Seen:
    alice, bob = (Client(jid, situation) for jid in (situation.alice, situation.bob))
    alice.register_plugin("xep_0191")
    errors = bob.news("message_error")
    await alice.login()
    await bob.login()
    plugin = alice["xep_0191"]
    await plugin.block(bob.boundjid.bare)
    blocked = await plugin.get_blocked_jids()
    bob.send_message(situation.alice, situation.texts[0], mtype="chat")
    error = await asyncio.wait_for(errors.get(), PATIENCE)
    await plugin.unblock(bob.boundjid.bare)
    bob.send_message(situation.alice, situation.texts[1], mtype="chat")
    return {
        "blocked": [str(jid) for jid in blocked],
        "refused": error["error"]["condition"],
        "blocked_after": [str(jid) for jid in await plugin.get_blocked_jids()],
        "got": await alice.bodies(1) + await alice.surplus(),
    }


async def vcard(situation: Situation) -> Seen:
    alice, bob = await both(situation, "xep_0054")
    card = alice["xep_0054"].make_vcard()
    card["FN"] = situation.texts[1]
    card["PHOTO"]["TYPE"] = "image/png"
    card["PHOTO"]["BINVAL"] = PICTURE
    await alice["xep_0054"].publish_vcard(card)
    got = (await bob["xep_0054"].get_vcard(situation.alice))["vcard_temp"]
    return {"name": got["FN"], "picture": base64.b64encode(got["PHOTO"]["BINVAL"]).decode()}


async def commands(situation: Situation) -> Seen:
    alice, bob = await both(situation, "xep_0050")
    errors, plugin = bob.news("message_error"), alice["xep_0050"]
    listed = await plugin.get_commands(situation.alice)
    shown = (await plugin.send_command(situation.alice, "privacy"))["command"]
    before = shown["form"].get_values()["strangers"]
    form = alice["xep_0004"].make_form(ftype="submit")
    form.add_field("FORM_TYPE", "hidden", value=shown["form"].get_values()["FORM_TYPE"])
    form.add_field("strangers", value="contacts")
    done = await plugin.send_command(
        situation.alice, "privacy", action="complete", payload=form, sessionid=shown["sessionid"]
    )
    bob.send_message(situation.alice, situation.texts[0], mtype="chat")
    error = await asyncio.wait_for(errors.get(), PATIENCE)
    again = (await plugin.send_command(situation.alice, "privacy"))["command"]
    return {
        "offered": [node for _, node, _ in listed["disco_items"]["items"]],
        "before": before,
        "status": done["command"]["status"],
        "refused": error["error"]["condition"],
        "after": again["form"].get_values()["strangers"],
        "got": await alice.surplus(),
    }


async def push(situation: Situation) -> Seen:
    """A node of the service plays the app server; bob sees what it is sent."""
    phone, bob = await both(situation, "xep_0060")
    service = f"pubsub.{situation.domain}"
    config = phone["xep_0004"].make_form(ftype="submit")
    config.add_field("FORM_TYPE", "hidden", value="http://jabber.org/protocol/pubsub#node_config")
    config.add_field("pubsub#publish_model", value="open")
    await phone["xep_0060"].create_node(service, LETTERS, config)
    told = bob.news("pubsub_publish")
    await bob["xep_0060"].subscribe(service, LETTERS)
    enable = phone.make_iq_set()
    enable.append(ET.Element(f"{{{_PUSH}}}enable", jid=service, node=LETTERS))
    await enable.send()
    await phone.logout()
    for text in situation.texts:
        bob.send_message(situation.alice, text, mtype="chat")
    event = await asyncio.wait_for(told.get(), PATIENCE)
    notification = event["pubsub_event"]["items"]["item"].xml.find(f"{{{_PUSH}}}notification")
    fields = {
        field.get("var"): "".join(field.itertext()).strip()
        for field in notification.iter("{jabber:x:data}field")
    }
    return {"count": fields["message-count"], "told": ET.tostring(notification, "unicode")}
