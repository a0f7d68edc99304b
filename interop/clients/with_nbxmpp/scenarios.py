"""What nbxmpp is asked to do."""

# mypy: ignore-errors
# (the library lives in an environment of its own)

from nbxmpp.modules.receipts import build_receipt
from nbxmpp.namespaces import Namespace
from nbxmpp.protocol import JID, Iq, Message

from interop.capabilities import Seen, Situation
from interop.clients.cable import Cable
from interop.clients.report import main
from interop.clients.with_nbxmpp.account import blocking, commands, vcard, vcard4
from interop.clients.with_nbxmpp.client import Client, both, finished, until
from interop.clients.with_nbxmpp.publishing import (
    avatar,
    avatar_old,
    bookmarks,
    bookmarks_old,
    displayed,
    eventing,
)


async def starttls(situation: Situation) -> Seen:
    return _login(situation, direct_tls=False)


async def direct_tls(situation: Situation) -> Seen:
    return _login(situation, direct_tls=True)


async def sasl2(situation: Situation) -> Seen:
    return _login(situation, direct_tls=False)


def _login(situation: Situation, *, direct_tls: bool) -> Seen:
    alice = Client(situation.alice, situation, direct_tls=direct_tls).login()
    return {
        "jid": alice.full,
        "encrypted": alice.node.is_stream_secure,
        "mechanisms": alice.mechanisms,
    }


async def messages(situation: Situation) -> Seen:
    alice, bob = both(situation)
    for text in situation.texts:
        alice.say(bob.bare, text)
    bob_got = bob.bodies(len(situation.texts))
    for text in situation.texts:
        bob.say(alice.full, text)
    alice_got = alice.bodies(len(situation.texts))
    return {"bob_got": bob_got + bob.surplus(), "alice_got": alice_got + alice.surplus()}


async def roster(situation: Situation) -> Seen:
    alice, bob = both(situation)
    a, b = alice.bare, bob.bare
    plugin = alice.node.get_module("Roster")
    finished(plugin.set_item(JID.from_string(b), "Bob", {"Friends"}))
    alice.befriend(bob)
    seen = {
        "alice_roster": _item(alice, b),
        "bob_roster": _item(bob, a),
        "alice_saw_bob": (None, bob.full) in alice.presences,
        "bob_saw_alice": (None, alice.full) in bob.presences,
    }
    finished(plugin.delete_item(JID.from_string(b)))
    until(lambda: ("unsubscribed", a) in bob.presences)
    return {
        **seen,
        "alice_roster_after_removal": _item(alice, b),
        "bob_subscription_after_removal": _item(bob, a)["subscription"],
    }


def _item(client: Client, jid: str) -> Seen | None:
    """One roster entry as the server has it now."""
    answer = finished(client.node.get_module("Roster").request_roster())
    for item in answer.items:
        if str(item.jid) == jid:
            return {
                "subscription": item.subscription,
                "name": item.name or "",
                "groups": sorted(item.groups),
            }
    return None


async def carbons(situation: Situation) -> Seen:
    phone, bob = both(situation)
    laptop = Client(situation.alice, situation).login()
    enable = Iq("set")
    enable.addChild("enable", namespace=Namespace.CARBONS)  # it knows copies but orders none
    answers = []
    laptop.node.send_stanza(enable, callback=lambda _, answer: answers.append(answer.getType()))
    assert until(lambda: answers) == ["result"]
    for text in situation.texts:
        bob.say(phone.full, text)
    phone.bodies(len(situation.texts))
    for text in situation.texts:
        phone.say(bob.full, text)
    copies = laptop.receive(2 * len(situation.texts))
    return {
        way: [properties.body for _, properties in copies if properties.carbon.type == way]
        for way in ("received", "sent")
    }


async def receipts(situation: Situation) -> Seen:
    alice, bob = both(situation)
    message = Message(to=JID.from_string(bob.full), body=situation.texts[0], typ="chat")
    message.setReceiptRequest()
    sent = alice.node.send_stanza(message)
    ((stanza, properties),) = bob.receive(1)
    assert properties.receipt.is_request
    bob.node.send_stanza(build_receipt(stanza))
    (receipt,) = alice.receive(1, lambda properties: properties.is_receipt)
    return {"sent": sent, "received": [receipt[1].receipt.id]}


async def offline(situation: Situation) -> Seen:
    alice = Client(situation.alice, situation).login()
    for text in situation.texts:
        alice.say(situation.bob, text)
    alice.ping()
    bob = Client(situation.bob, situation).login()
    got = bob.receive(len(situation.texts))
    return {
        "bodies": [properties.body for _, properties in got] + bob.surplus(),
        "delayed": [properties.has_server_delay for _, properties in got],
    }


async def archive(situation: Situation) -> Seen:
    alice, bob = both(situation)
    for text in situation.texts:
        alice.say(bob.bare, text)
    bob.bodies(len(situation.texts))
    own, bodies, pages, last = JID.from_string(alice.bare), [], 0, None
    while True:
        pages += 1
        page = finished(
            alice.node.get_module("MAM").make_query(
                own, queryid="letters", with_=bob.bare, after=last, max_=2
            )
        )
        bodies += [properties.body for _, properties in alice.arrived()]
        last = page.rsm.last
        if page.complete or not last:
            return {"bodies": bodies, "pages": pages, "complete": page.complete}


async def resumption(situation: Situation) -> Seen:
    cable = Cable(situation.host, situation.c2s)
    alice = Client(situation.alice, situation, port=cable.port).login()
    bob = Client(situation.bob, situation).login()
    before, texts = alice.full, situation.texts
    bob.say(before, texts[0])
    alice_got = alice.bodies(1)
    for text in texts:
        alice.say(bob.full, text)
    cable.cut()
    alice.signal("disconnected")
    for text in texts[1:]:
        bob.say(before, text)
    bob.ping()
    cable.mend()
    alice.node.connect()
    alice.signal("resume-successful")
    alice_got += alice.bodies(len(texts) - 1)
    bob_got = bob.bodies(len(texts))
    return {
        "resumed": True,
        "jid_before": before,
        "jid_after": alice.full,
        "alice_got": alice_got + alice.surplus(),
        "bob_got": bob_got + bob.surplus(),
    }


if __name__ == "__main__":
    main(
        *(starttls, direct_tls, sasl2, messages, roster, carbons, receipts, offline, archive),
        *(resumption, eventing, avatar, avatar_old, bookmarks, bookmarks_old, displayed),
        *(blocking, vcard, vcard4, commands),
    )
