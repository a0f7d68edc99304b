"""Pushes as bytes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from server.jid import JID
from server.roster.item import RosterItem
from server.roster.pushes import push, push_to
from server.roster.saving import Change

BEN = JID.of("ben@example.org")


def device(resource: str, *, interested: bool = True) -> Any:
    got: list[bytes] = []
    jid = JID.of(f"anna@example.org/{resource}")
    return SimpleNamespace(jid=jid, interested=interested, got=got, send=got.append)


def account(*devices: Any) -> Any:
    return SimpleNamespace(sessions={d.jid.resource: d for d in devices})


def test_each_copy_has_its_address() -> None:
    one, two = device("1"), device("2")
    push_to((one, two), BEN, RosterItem(BEN), 255)
    assert one.got == [
        b"<iq type='set' id='push-00000000000000ff' to='anna@example.org/1'>"
        b"<query xmlns='jabber:iq:roster' ver='00000000000000ff'>"
        b"<item jid='ben@example.org' subscription='none'/></query></iq>"
    ]
    assert two.got == [one.got[0].replace(b"/1'", b"/2'")]


def test_what_is_not_listed_is_a_removal() -> None:
    for item in (None, RosterItem(BEN, listed=False)):
        one = device("1")
        push_to((one,), BEN, item, 1)
        assert b"<item jid='ben@example.org' subscription='remove'/>" in one.got[0]


def test_only_the_interested_and_only_what_they_can_see() -> None:
    one, two = device("1"), device("2", interested=False)
    push(account(one, two), Change(BEN, None, RosterItem(BEN), 7))
    assert (len(one.got), len(two.got)) == (1, 0)
    push(account(one), Change(BEN, None, RosterItem(BEN, listed=False)))
    assert len(one.got) == 1
