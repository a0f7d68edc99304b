"""What a client may do to its roster (RFC 6121 §2.3 to §2.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.roster.errors import OwnAddress, RosterFull, UnacceptableItem, UnknownContact
from server.roster.item import RosterItem
from server.roster.rules import Announce, Verb

if TYPE_CHECKING:
    from server.jid import JID
    from server.roster.payloads import Edit


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a roster; lengths in bytes of UTF-8.

    `items` counts listed contacts, `requests` strangers who wait for an answer.
    """

    items: int = 2000
    requests: int = 500
    groups: int = 32
    name: int = 1023
    group: int = 1023
    all_groups: int = 4096


@dataclass(frozen=True, slots=True)
class Removal:
    """What the end of a contact brings about (RFC 6121 §2.5.2).

    `verbs` are sent to the contact in this order, from the bare address; then `announce` holds for
    each available session. Interested sessions are told of the removal.
    """

    jid: JID
    verbs: tuple[Verb, ...] = ()
    announce: Announce = Announce.NOTHING


def put(edit: Edit, owner: JID, item: RosterItem | None, listed: int, limits: Limits) -> RosterItem:
    """The item as the client wants it (RFC 6121 §2.3, §2.4).

    `item` is what was known of the contact, `listed` how many contacts the roster has. The
    subscription is untouched: the server MUST ignore any value of the 'subscription' attribute
    other than 'remove' (§2.1.2.5).
    """
    if edit.jid == owner:
        raise OwnAddress
    _check_words(edit, limits)
    before = item or RosterItem(edit.jid, listed=False)
    if not before.listed and listed >= limits.items:
        raise RosterFull(limits.items)
    return replace(before, name=edit.name or "", groups=edit.groups, listed=True)


def _check_words(edit: Edit, limits: Limits) -> None:
    """Refuse names and groups as §2.3.3 says, with not-acceptable."""
    if len((edit.name or "").encode()) > limits.name:
        raise UnacceptableItem("The name is too long")
    if len(edit.groups) > limits.groups:
        raise UnacceptableItem(f"A contact can be in at most {limits.groups} groups")
    for group in edit.groups:
        if not group:
            raise UnacceptableItem("The name of a group is empty")
        if len(group.encode()) > limits.group:
            raise UnacceptableItem("The name of a group is too long")
    if sum(len(group.encode()) for group in edit.groups) > limits.all_groups:
        raise UnacceptableItem("The names of the groups are too long together")


def remove(jid: JID, item: RosterItem | None) -> Removal:
    """What follows when the client removes a contact (RFC 6121 §2.5.2).

    The user's subscription ends by `unsubscribe`, the contact's by `unsubscribed`. We treat what is
    still pending likewise, so that no request outlives the contact on either side.
    """
    # The server MUST answer with item-not-found (§2.5.3).
    if item is None or not item.listed:
        raise UnknownContact
    state = item.state
    verbs: tuple[Verb, ...] = ()
    if state.to or state.pending_out:
        verbs += (Verb.UNSUBSCRIBE,)
    if state.from_ or state.pending_in:
        verbs += (Verb.UNSUBSCRIBED,)
    return Removal(jid, verbs, Announce.UNAVAILABLE if state.from_ else Announce.NOTHING)


def may_note_request(waiting: int, limits: Limits) -> bool:
    """Whether one more stranger's request is kept, or silently dropped for being one too many."""
    return waiting < limits.requests
