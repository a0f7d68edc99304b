"""What nbxmpp is asked to change about an account."""

# mypy: ignore-errors
# (the library lives in an environment of its own)

import base64

from nbxmpp.const import AdHocAction
from nbxmpp.modules.dataforms import extend_form
from nbxmpp.modules.vcard4 import VCard as VCard4
from nbxmpp.modules.vcard_temp import VCard
from nbxmpp.protocol import JID

from interop.capabilities import PICTURE, Seen, Situation
from interop.clients.with_nbxmpp.client import both, finished


async def blocking(situation: Situation) -> Seen:
    alice, bob = both(situation)
    plugin, other = alice.node.get_module("Blocking"), JID.from_string(bob.bare)
    finished(plugin.block([other]))
    blocked = finished(plugin.request_blocking_list())
    bob.say(alice.bare, situation.texts[0])
    refused = bob.refusal()
    finished(plugin.unblock([other]))
    bob.say(alice.bare, situation.texts[1])
    return {
        "blocked": [str(jid) for jid in blocked],
        "refused": refused,
        "blocked_after": [str(jid) for jid in finished(plugin.request_blocking_list())],
        "got": alice.bodies(1) + alice.surplus(),
    }


async def vcard(situation: Situation) -> Seen:
    alice, bob = both(situation)
    card = VCard({"FN": situation.texts[1]})
    card.set_avatar(PICTURE, "image/png")
    finished(alice.node.get_module("VCardTemp").set_vcard(card))
    got = finished(bob.node.get_module("VCardTemp").request_vcard(JID.from_string(alice.bare)))
    picture, _ = got.get_avatar()
    return {"name": got.data["FN"], "picture": base64.b64encode(picture).decode()}


async def vcard4(situation: Situation) -> Seen:
    alice, bob = both(situation)
    card = VCard4()
    card.add_property("fn", value=situation.texts[1])
    finished(alice.node.get_module("VCard4").set_vcard(card, public=True))
    own = JID.from_string(alice.bare)
    got = finished(bob.node.get_module("VCard4").request_vcard(own))
    old = finished(bob.node.get_module("VCardTemp").request_vcard(own))
    return {
        "name": next(each.value for each in got.get_properties() if each.name == "fn"),
        "name_in_old": old.data["FN"],
    }


async def commands(situation: Situation) -> Seen:
    alice, bob = both(situation)
    plugin = alice.node.get_module("AdHoc")
    offered = {each.node: each for each in finished(plugin.request_command_list())}
    shown = finished(plugin.execute_command(offered["privacy"]))
    form = extend_form(shown.data)
    before = form["strangers"].value
    form["strangers"].value = "contacts"
    form.type_ = "submit"
    done = finished(plugin.execute_command(shown, AdHocAction.COMPLETE, form))
    bob.say(alice.bare, situation.texts[0])
    refused = bob.refusal()
    again = finished(plugin.execute_command(offered["privacy"]))
    return {
        "offered": list(offered),
        "before": before,
        "status": done.status.value,
        "refused": refused,
        "after": extend_form(again.data)["strangers"].value,
        "got": alice.surplus(),
    }
