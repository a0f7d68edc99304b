"""What Profanity is asked to do."""

import functools
import xml.etree.ElementTree as ET
from collections.abc import Callable

from interop.capabilities import Seen, Situation
from interop.clients.cable import Cable
from interop.clients.report import main
from interop.clients.sealed_talk import converse
from interop.clients.with_profanity.client import Profanity
from interop.clients.with_profanity.sealing import Typist
from interop.clients.with_profanity.terminal import Terminals, terminals, wait_until

FIN = "{urn:xmpp:mam:2}fin"
RECEIPTS = "{urn:xmpp:receipts}"


async def starttls(situation: Situation) -> Seen:
    return _login(situation, direct_tls=False)


async def direct_tls(situation: Situation) -> Seen:
    return _login(situation, direct_tls=True)


def _login(situation: Situation, *, direct_tls: bool) -> Seen:
    with terminals() as screens:
        alice = Profanity(screens, "alice", situation.alice, situation, direct_tls=direct_tls)
        alice.logged_in()
        return {"jid": alice.full_jid, "encrypted": alice.encrypted}


async def messages(situation: Situation) -> Seen:
    with terminals() as screens:
        alice, bob = _both(screens, situation)
        alice.open_chat(bob.jid)
        alice.type(*situation.texts)
        bob.terminal.wait_for_text(alice.jid)
        bob.open_chat(alice.jid)
        bob_got = bob.shown(len(situation.texts))
        bob.type(*situation.texts)
        return {"bob_got": bob_got, "alice_got": alice.shown(len(situation.texts))}


async def roster(situation: Situation) -> Seen:
    with terminals() as screens:
        alice, bob = _both(screens, situation)
        a, b = alice.jid, bob.jid
        alice.type(f"/roster add {b} Bob")
        alice.terminal.wait_for_text("Roster item added")
        alice.type("/roster group add Friends Bob")
        alice.terminal.wait_for_text("added to group")
        alice.type(f"/sub request {b}")
        bob.wait_for("RECV", _presence("subscribe", a))
        bob.type(f"/sub allow {a}", f"/sub request {a}")
        alice.wait_for("RECV", _presence("subscribe", b))
        alice.type(f"/sub allow {b}")
        alice.wait_for("RECV", _presence(None, bob.full_jid))
        bob.wait_for("RECV", _presence(None, alice.full_jid))
        wait_until(lambda: _item(alice, b)["subscription"] == "both", "alice's roster")
        wait_until(lambda: _item(bob, a)["subscription"] == "both", "bob's roster")
        seen = {
            "alice_roster": _item(alice, b),
            "bob_roster": _item(bob, a),
            "alice_saw_bob": True,
            "bob_saw_alice": True,
        }
        alice.type(f"/roster remove {b}")
        bob.wait_for("RECV", _presence("unsubscribed", a))
        wait_until(lambda: _item(alice, b)["subscription"] == "remove", "alice's roster")
        wait_until(lambda: _item(bob, a)["subscription"] == "none", "bob's roster")
        return {
            **seen,
            "alice_roster_after_removal": None,
            "bob_subscription_after_removal": _item(bob, a)["subscription"],
        }


def _presence(kind: str | None, sender: str) -> Callable[[ET.Element], bool]:
    """A presence of this type from this address."""
    return lambda stanza: (
        (stanza.tag, stanza.get("type"), stanza.get("from")) == ("presence", kind, sender)
    )


def _item(client: Profanity, jid: str) -> Seen:
    """A roster entry as the server last pushed it."""
    item = client.roster_item(jid)
    if item is None:
        return {"subscription": None}
    return {
        "subscription": item.get("subscription"),
        "name": item.get("name", ""),
        "groups": [group.text for group in item],
    }


async def carbons(situation: Situation) -> Seen:
    with terminals() as screens:
        phone, bob = _both(screens, situation)
        laptop = Profanity(screens, "laptop", situation.alice, situation).logged_in()
        bob.open_chat(phone.jid)
        bob.type(*situation.texts)
        laptop.terminal.wait_for_text(bob.jid)
        laptop.open_chat(bob.jid)
        received = laptop.shown(len(situation.texts))
        phone.open_chat(bob.jid)
        phone.type(*situation.texts)
        return {"received": received, "sent": laptop.shown_own(len(situation.texts))}


async def receipts(situation: Situation) -> Seen:
    with terminals() as screens:
        alice, bob = _both(screens, situation)
        alice.type("/receipts request on")
        bob.type("/receipts send on")
        alice.open_chat(bob.jid)
        alice.type(situation.texts[0])
        sent = alice.wait_for("SENT", lambda stanza: stanza.find(f"{RECEIPTS}request") is not None)
        receipt = alice.wait_for(
            "RECV", lambda stanza: stanza.find(f"{RECEIPTS}received") is not None
        )
        received = receipt.find(f"{RECEIPTS}received")
        return {"sent": sent.get("id"), "received": [received is not None and received.get("id")]}


async def offline(situation: Situation) -> Seen:
    with terminals() as screens:
        alice = Profanity(screens, "alice", situation.alice, situation).logged_in()
        alice.open_chat(situation.bob)
        alice.type(*situation.texts, "/ping")
        alice.wait_for("SENT", lambda stanza: stanza.find("{urn:xmpp:ping}ping") is not None)
        bob = Profanity(screens, "bob", situation.bob, situation).logged_in()
        bob.terminal.wait_for_text(alice.jid)
        bob.open_chat(alice.jid)
        bodies = bob.shown(len(situation.texts))
        got = [
            stanza
            for stanza in bob.stanzas("RECV")
            if stanza.tag == "message" and stanza.find("body") is not None
        ]
        return {
            "bodies": bodies,
            "delayed": [stanza.find("{urn:xmpp:delay}delay") is not None for stanza in got],
        }


async def archive(situation: Situation) -> Seen:
    with terminals() as screens:
        alice, bob = _both(screens, situation)
        bob.open_chat(alice.jid)
        bob.type(*situation.texts)
        alice.wait_for("RECV", lambda stanza: stanza.findtext("body") == situation.texts[-1])
        newcomer = Profanity(screens, "newcomer", situation.alice, situation).logged_in()
        newcomer.type("/mam on")
        newcomer.open_chat(bob.jid)
        # COMPAT: 0.13 puts <after/> beside the <set/> it belongs into, and shows the page twice.
        bodies = newcomer.shown(len(situation.texts))[: len(situation.texts)]
        fin = newcomer.wait_for("RECV", lambda stanza: stanza.find(FIN) is not None).find(FIN)
        complete = fin is not None and fin.get("complete") == "true"
        return {"bodies": bodies, "pages": None, "complete": complete}


async def resumption(situation: Situation) -> Seen:
    cable = Cable(situation.host, situation.c2s)
    texts = situation.texts
    with terminals() as screens:
        alice = Profanity(screens, "alice", situation.alice, situation, port=cable.port).logged_in()
        bob = Profanity(screens, "bob", situation.bob, situation).logged_in()
        bob.open_chat(alice.jid)
        bob.type(texts[0])
        alice.terminal.wait_for_text(bob.jid)
        alice.open_chat(bob.jid)
        alice.shown(1)
        cable.cut()
        bob.type(*texts[1:])
        bob.wait_for("SENT", lambda stanza: stanza.findtext("body") == texts[-1])
        cable.mend()
        alice_got = alice.shown(len(texts))
        alice.type(*texts)
        bob_got = bob.shown(len(texts))
        return {
            "resumed": alice.resumed,
            "jid_before": alice.full_jid,
            "jid_after": alice.full_jid,
            "alice_got": alice_got,
            "bob_got": bob_got,
        }


async def omemo_axolotl(situation: Situation) -> Seen:
    with terminals() as screens:
        alice, bob, new = (
            functools.partial(Typist.login, screens, name, jid, situation)
            for name, jid in (
                ("alice", situation.alice), ("bob", situation.bob), ("new", situation.bob),
            )
        )  # fmt: skip
        return await converse(await alice(), await bob(), new, situation)


def _both(screens: Terminals, situation: Situation) -> tuple[Profanity, Profanity]:
    alice, bob = (
        Profanity(screens, name, jid, situation)
        for name, jid in (("alice", situation.alice), ("bob", situation.bob))
    )
    return alice.logged_in(), bob.logged_in()


if __name__ == "__main__":
    main(
        *(starttls, direct_tls, messages, roster, carbons, receipts, offline, archive, resumption),
        omemo_axolotl,
    )
