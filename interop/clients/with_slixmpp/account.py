"""What slixmpp is asked to change about an account."""

# mypy: disable-error-code="arg-type, misc, no-untyped-call, union-attr"
# (the library annotates itself only in part, and differently from release to release)

import asyncio
import base64
from xml.etree import ElementTree as ET

from interop.capabilities import PICTURE, Seen, Situation
from interop.clients.with_slixmpp.client import PATIENCE, Client, both, is_refused

_PUSH = "urn:xmpp:push:0"
_APP_SERVER = "push.example.org"
_VALUES = "{{jabber:x:data}}field[@var='{}']/{{jabber:x:data}}value"
_PAUSE = 0.2


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
    """The app server is out of reach, but the server tells what it has tried."""
    phone, bob = await both(situation)
    desk = Client(situation.alice, situation)
    desk.register_plugin("xep_0050")
    await desk.login()
    seen = {"own_service_refused": await is_refused(_enable(phone, f"pubsub.{situation.domain}"))}
    await _enable(phone, _APP_SERVER)
    devices = (await _history(desk))["devices"]
    await phone.logout()
    for text in situation.texts:
        bob.send_message(situation.alice, text, mtype="chat")
    desk_got = await desk.bodies(len(situation.texts))
    history: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while not any("sent" in line for line in history):
            await asyncio.sleep(_PAUSE)
            history = (await _history(desk))["history"]
    return {**seen, "devices": devices, "history": history, "desk_got": desk_got}


async def _enable(client: Client, service: str) -> None:
    """Ask for notifications."""
    request = client.make_iq_set()
    request.append(ET.Element(f"{{{_PUSH}}}enable", jid=service, node="phone"))
    await request.send()


async def _history(client: Client) -> dict[str, list[str]]:
    """What the server says about notifications, and which devices get some."""
    answer = await client["xep_0050"].send_command(client.boundjid.bare, "push-history")
    form = answer["command"]["form"]
    return {
        name: [value.text for value in form.xml.iterfind(_VALUES.format(name))]
        for name in ("history", "devices")
    }
