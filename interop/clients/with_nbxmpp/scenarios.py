"""What nbxmpp is asked to do."""

# mypy: ignore-errors
# (the library lives in an environment of its own)

from nbxmpp.errors import StanzaError
from nbxmpp.namespaces import Namespace
from nbxmpp.protocol import JID
from nbxmpp.structs import BookmarkData

from interop.capabilities import BOOKMARKS, Seen, Situation
from interop.clients.report import main
from interop.clients.with_nbxmpp.client import Client, finished


async def starttls(situation: Situation) -> Seen:
    return _login(situation, direct_tls=False)


async def direct_tls(situation: Situation) -> Seen:
    return _login(situation, direct_tls=True)


def _login(situation: Situation, *, direct_tls: bool) -> Seen:
    alice = Client(situation.alice, situation, direct_tls=direct_tls).login()
    assert alice.mechanisms  # by SASL2
    return {"jid": str(alice.node.get_bound_jid()), "encrypted": alice.node.is_stream_secure}


async def eventing(situation: Situation) -> Seen:
    alice = Client(situation.alice, situation).login()
    bob = Client(situation.bob, situation, Namespace.NICK).login()
    first, second, _ = situation.texts
    finished(alice.node.get_module("Nickname").set_nickname(first))
    stranger_refused = _is_refused(bob, alice, Namespace.NICK)
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


def _is_refused(asking: Client, asked: Client, node: str) -> bool:
    pubsub = asking.node.get_module("PubSub")
    try:
        finished(pubsub.request_items(node, jid=JID.from_string(asked.bare)))
    except StanzaError:
        return True
    return False


async def bookmarks(situation: Situation) -> Seen:
    phone = Client(situation.alice, situation).login()
    laptop = Client(situation.alice, situation, Namespace.BOOKMARKS_1).login()
    bob = Client(situation.bob, situation).login()
    plugin = phone.node.get_module("NativeBookmarks")
    finished(laptop.node.get_module("Ping").ping(JID.from_string(situation.domain)))
    finished(
        plugin.store_bookmarks(
            [
                BookmarkData(
                    JID.from_string(each["jid"]), each["name"] or None, each["nick"] or None,
                    each["autojoin"],
                )
                for each in BOOKMARKS
            ]
        )
    )  # fmt: skip
    told = [str(laptop.next_event().data.jid) for _ in BOOKMARKS]
    finished(plugin.retract_bookmark(JID.from_string(BOOKMARKS[1]["jid"])))
    kept = finished(laptop.node.get_module("NativeBookmarks").request_bookmarks())
    return {
        "told": told,
        "told_removed": [laptop.next_event(lambda event: event.retracted).id],
        "kept": [
            {
                "jid": str(each.jid), "name": each.name or "", "nick": each.nick or "",
                "autojoin": each.autojoin,
            }
            for each in kept
        ],
        "hidden_from_others": _is_refused(bob, phone, Namespace.BOOKMARKS_1),
    }  # fmt: skip


if __name__ == "__main__":
    main(starttls, direct_tls, eventing, bookmarks)
