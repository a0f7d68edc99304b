"""What runs beside the core, as configured."""

from extensions.registry import ALL
from server import rooms
from server.config import load
from server.presence.service import PresenceService
from server.roster.service import RosterService


def test_the_core_comes_first() -> None:
    found = rooms.extensions(load(environ={}))
    assert found[:2] == (RosterService, PresenceService)
    assert set(ALL) <= set(found)


def test_what_is_switched_off_is_left_out() -> None:
    config = load(overrides={"server": {"disabled": ["carbons"]}}, environ={})
    names = {kind.name for kind in rooms.extensions(config)}
    assert "carbons" not in names
    assert {"roster", "presence", "archive"} <= names


def test_who_requires_comes_after_what_is_required() -> None:
    seen: set[str] = set()
    for kind in rooms.extensions(load(environ={})):
        assert set(kind.requires) <= seen, kind.name
        seen.add(kind.name)


def test_names_are_given_once() -> None:
    found = rooms.extensions(load(environ={}))
    assert len({kind.name for kind in found}) == len(found)


def test_sections_and_migrations_have_names() -> None:
    assert all(name.isidentifier() for name in rooms.sections())
    assert all(name.isidentifier() for name in rooms.migrations())
