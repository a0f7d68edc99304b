"""What a chat client needs of its server, and what must be seen when the client tries it.

A scenario is the client's side: it gets a `Situation` as JSON, does the thing with its library, and
prints as JSON what it saw. The checks here are the same for every client.

Clients import this module in their own environments: it needs nothing but the standard library.
"""

import base64
import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

Seen = dict[str, Any]

TEXTS = ("Hello, <world> & \"all\" the 'rest'", "Grüße, 漢字, 🎉", "third and last")
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""

BOOKMARKS: tuple[Seen, ...] = (
    {"jid": "room@rooms.example", "name": "Das Plätzchen", "nick": "Jülie", "autojoin": True},
    {"jid": "other@rooms.example", "name": "", "nick": "", "autojoin": False},
)

LETTERS = "letters"
"""A node of the service, which alice makes."""


@dataclasses.dataclass(frozen=True)
class Situation:
    """Where the server is and whom to log in as; every test has two accounts to itself."""

    domain: str
    host: str
    c2s: int
    c2s_tls: int
    certificate: str
    alice: str
    bob: str
    password: str
    texts: tuple[str, ...] = TEXTS
    in_the_clear: str = "not encrypted"


@dataclasses.dataclass(frozen=True)
class Capability:
    """One column of the table."""

    name: str
    title: str
    check: Callable[[Seen, Situation], None]


def _logged_in(seen: Seen, situation: Situation) -> None:
    """Encrypted, and with a resource bound (RFC 6120 §5, §7)."""
    assert seen["encrypted"] is True
    bare, _, resource = seen["jid"].partition("/")
    assert bare == situation.alice
    assert resource


def _sasl2(seen: Seen, situation: Situation) -> None:
    """Logged in by the newer profile of SASL, without the password being sent (XEP-0388 §2)."""
    _logged_in(seen, situation)
    assert all(mechanism.startswith("SCRAM-") for mechanism in seen["mechanisms"])
    assert seen["mechanisms"]


def _messages(seen: Seen, situation: Situation) -> None:
    """Both ways, unchanged, in order (RFC 6121 §5, RFC 6120 §10.1)."""
    assert seen["bob_got"] == list(situation.texts)
    assert seen["alice_got"] == list(situation.texts)


def _roster(seen: Seen, situation: Situation) -> None:
    """Add, subscribe both ways, see each other, remove (RFC 6121 §2, §3, §4)."""
    assert seen["alice_roster"] == {"subscription": "both", "name": "Bob", "groups": ["Friends"]}
    assert seen["bob_roster"]["subscription"] == "both"
    assert seen["alice_saw_bob"] is True
    assert seen["bob_saw_alice"] is True
    # "the user's server MUST ... send presence of type 'unsubscribe' and 'unsubscribed'" (§2.5.2)
    assert seen["alice_roster_after_removal"] is None
    assert seen["bob_subscription_after_removal"] == "none"


def _carbons(seen: Seen, situation: Situation) -> None:
    """Another device of alice's sees what she gets and what she says (XEP-0280 §6, §7)."""
    assert seen["received"] == list(situation.texts)
    assert seen["sent"] == list(situation.texts)


def _receipts(seen: Seen, situation: Situation) -> None:
    """The receipt names the message that asked for it (XEP-0184 §5)."""
    assert seen["sent"]
    assert seen["received"] == [seen["sent"]]


def _offline(seen: Seen, situation: Situation) -> None:
    """Kept in order, delivered at the next login, saying when they were sent (XEP-0160 §3)."""
    assert seen["bodies"] == list(situation.texts)
    assert all(seen["delayed"])


def _archive(seen: Seen, situation: Situation) -> None:
    """Pages that together hold everything, once, in order (XEP-0313 §4, XEP-0059).

    `pages` is None when the client decides by itself how much it asks for.
    """
    assert seen["bodies"] == list(situation.texts)
    assert seen["pages"] is None or seen["pages"] >= 2
    assert seen["complete"] is True


def _resumption(seen: Seen, situation: Situation) -> None:
    """The cut connection goes on as the same session; nothing is lost or doubled (XEP-0198 §5)."""
    assert seen["resumed"] is True
    assert seen["jid_after"] == seen["jid_before"]
    assert seen["alice_got"] == list(situation.texts)
    assert seen["bob_got"] == list(situation.texts)


def _omemo(seen: Seen, situation: Situation) -> None:
    """Every device reads what was said since it is there, once; none is trusted unseen."""
    whole = list(situation.texts)
    heard = dict(seen["heard"])
    assert heard.pop("new") == whole[-1:]
    assert len(heard) >= 2
    assert heard == dict.fromkeys(heard, whole)
    assert not any(seen.get("surplus", {}).values())
    assert seen["refused_before_trust"] is True
    assert seen["refused_new_device"] is True
    assert seen["in_the_clear"] is True


def _eventing(seen: Seen, situation: Situation) -> None:
    """Contacts are told what is there and what is new, strangers nothing (XEP-0163, XEP-0172)."""
    first, second, _ = situation.texts
    assert seen["stranger_refused"] is True
    assert seen["told"] == [first, second]
    assert seen["newcomer_told"] == [second]


def _avatar(seen: Seen, situation: Situation) -> None:
    """The contact is told of the picture and gets it, byte for byte (XEP-0084 §3)."""
    assert seen["told"] == hashlib.sha1(PICTURE).hexdigest()
    assert base64.b64decode(seen["picture"]) == PICTURE


def _avatar_old(seen: Seen, situation: Situation) -> None:
    """The one format follows the other, both ways (XEP-0398)."""
    assert base64.b64decode(seen["in_vcard"]) == PICTURE
    _avatar(seen, situation)


def _bookmarks(seen: Seen, situation: Situation) -> None:
    """Other devices follow along; nobody else sees them (XEP-0402 §3, §4)."""
    room, other = BOOKMARKS
    assert seen["told"] == [room["jid"], other["jid"]]
    assert seen["told_removed"] == [other["jid"]]
    assert seen["kept"] == [room]
    assert seen["hidden_from_others"] is True


def _blocking(seen: Seen, situation: Situation) -> None:
    """Who is blocked gets an error, and once he is not any more, through (XEP-0191 §3)."""
    assert seen["blocked"] == [situation.bob]
    assert seen["refused"] == "service-unavailable"
    assert seen["blocked_after"] == []
    assert seen["got"] == [situation.texts[1]]


def _bookmarks_old(seen: Seen, situation: Situation) -> None:
    """What is written in the old format is read in both, and what is removed is gone in both.

    (XEP-0048, XEP-0049; XEP-0402, XEP-0411)
    """
    for read in ("kept", "native"):
        assert sorted(seen[read], key=_address) == sorted(BOOKMARKS, key=_address)
    assert seen["native_after"] == [BOOKMARKS[0]]


def _address(bookmark: Seen) -> str:
    return str(bookmark["jid"])


def _pubsub(seen: Seen, situation: Situation) -> None:
    """Subscribers hear what the owner does with a node of the service (XEP-0060 §6, §7, §8)."""
    first, second, _ = situation.texts
    assert seen["told"] == [first, second]
    assert seen["stranger_refused"] is True
    assert seen["items"] == {"1": first, "2": second}
    assert seen["told_retracted"] == ["1"]
    assert seen["items_after"] == {"2": second}
    assert seen["told_deleted"] == LETTERS
    assert seen["gone"] is True


def _vcard(seen: Seen, situation: Situation) -> None:
    """Others read it as it was written (XEP-0054 §3)."""
    assert seen["name"] == situation.texts[1]
    assert base64.b64decode(seen["picture"]) == PICTURE


def _vcard4(seen: Seen, situation: Situation) -> None:
    """Others read it as it was written, those who know only the old format too (XEP-0292)."""
    assert seen["name"] == situation.texts[1]
    assert seen["name_in_old"] == situation.texts[1]


def _displayed(seen: Seen, situation: Situation) -> None:
    """Other devices hear how far each conversation was read, and newcomers find it (XEP-0490)."""
    first, second = seen["ids"]
    assert seen["told"] == [[situation.bob, first], [situation.bob, second]]
    assert seen["kept"] == {situation.bob: second, "other@example.org": first}
    assert seen["hidden_from_others"] is True


def _commands(seen: Seen, situation: Situation) -> None:
    """A command with a form is found, run, and does what it says (XEP-0050 §2)."""
    assert "privacy" in seen["offered"]
    assert (seen["before"], seen["status"]) == ("everybody", "completed")
    assert seen["after"] == "contacts"
    assert seen["refused"] == "forbidden"  # who is no contact may not write any more
    assert seen["got"] == []


def _push(seen: Seen, situation: Situation) -> None:
    """Whoever is gone is notified of what waits, and the app server learns nothing more.

    (XEP-0357 §7)
    """
    assert seen["count"] == str(len(situation.texts))
    assert not any(text in seen["told"] for text in situation.texts)
    assert situation.bob not in seen["told"]


def _tokens(seen: Seen, situation: Situation) -> None:
    """A token instead of the password, which is asked for again when the token is no good.

    The server made the resource, of what the client calls itself (XEP-0386, XEP-0484).
    """
    assert all(jid.partition("/")[0] == situation.alice for jid in seen["jids"])
    assert all(resource.startswith("node/") for resource in seen["resources"])
    by_password, by_token, *fallen_back = seen["mechanisms"]
    assert by_password.startswith("SCRAM-")
    assert by_token == "HT-SHA-256-NONE"
    assert fallen_back == [by_token, by_password]
    assert seen["renewed"] is True
    assert seen["refused"] == "not-authorized"


CAPABILITIES = {
    capability.name: capability
    for capability in (
        Capability("starttls", "login, STARTTLS", _logged_in),
        Capability("direct_tls", "login, direct TLS", _logged_in),
        Capability("sasl2", "SASL2", _sasl2),
        Capability("tokens", "Bind 2, FAST", _tokens),
        Capability("messages", "messages", _messages),
        Capability("roster", "roster, subscription", _roster),
        Capability("carbons", "carbons", _carbons),
        Capability("receipts", "receipts", _receipts),
        Capability("offline", "offline messages", _offline),
        Capability("archive", "archive", _archive),
        Capability("resumption", "resumption", _resumption),
        Capability("eventing", "nickname to contacts", _eventing),
        Capability("avatar", "avatar", _avatar),
        Capability("avatar_old", "avatar in vCard", _avatar_old),
        Capability("bookmarks", "bookmarks", _bookmarks),
        Capability("bookmarks_old", "bookmarks, old format", _bookmarks_old),
        Capability("pubsub", "pubsub service", _pubsub),
        Capability("vcard", "vCard", _vcard),
        Capability("vcard4", "vCard4", _vcard4),
        Capability("displayed", "displayed (MDS)", _displayed),
        Capability("blocking", "blocking", _blocking),
        Capability("commands", "commands", _commands),
        Capability("push", "push", _push),
        Capability("omemo_axolotl", "OMEMO (axolotl)", _omemo),
        Capability("omemo_2", "OMEMO (urn:xmpp:omemo:2)", _omemo),
    )
}

EVERYDAY = (
    "starttls", "direct_tls", "messages", "roster", "carbons", "receipts", "offline", "archive",
    "resumption",
)  # fmt: skip
"""What any chat client does."""
