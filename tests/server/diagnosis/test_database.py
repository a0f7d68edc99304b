"""Is PostgreSQL there?"""

import asyncio

import pytest

from server.config import Config, load
from server.diagnosis.database import check_database
from server.diagnosis.finding import Level
from server.storage import opening
from tests.harness import postgresql
from tests.harness.backend import backends


def configured(url: str) -> Config:
    return load(overrides={"storage": {"backend": "postgresql", "url": url}}, environ={})


def test_a_file_needs_no_look() -> None:
    assert not list(check_database(load(environ={})))


def test_a_server_that_forgets() -> None:
    """The one of the tests is such a server."""
    postgresql.need()
    (finding,) = check_database(configured(asyncio.run(backends.schema())))
    assert finding.level in (Level.ERROR, Level.OK)
    assert finding.text.startswith("PostgreSQL 1")
    assert (finding.level is Level.ERROR) == ("fsync = off" in finding.text)


def test_nobody_answers() -> None:
    (finding,) = check_database(configured("postgresql://u:hidden@127.0.0.1:1/chat"))
    assert finding.level is Level.ERROR
    assert "'chat' at 127.0.0.1:1 cannot be reached" in finding.text
    assert "hidden" not in finding.text


def test_the_driver_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    (finding,) = check_database(configured("postgresql://u@127.0.0.1:1/chat"))
    assert "pip install 'skerry[postgresql]'" in finding.text
