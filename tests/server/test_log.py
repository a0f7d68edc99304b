"""Events in the log."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server import bugs, log


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the log goes during a test; afterwards all is as before."""
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.root.level
    yield io.StringIO()
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_json_is_one_object_a_line(out: io.StringIO) -> None:
    log.configure("info", "json", out)
    log.get("server.x").info("session.bound", jid="a@b", took=0.5, thing={1})
    line = json.loads(out.getvalue())
    assert list(line)[:3] == ["at", "level", "event"]
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "session.bound",
        "jid": "a@b",
        "level": "info",
        "source": "server.x",
        "took": 0.5,
        "thing": [1],
    }


def test_auto_is_json_unless_on_a_terminal(out: io.StringIO) -> None:
    log.configure("info", "auto", out)
    log.get("x").info("one")
    assert out.getvalue().startswith("{")


def test_what_is_less_important_than_the_level_is_left_out(out: io.StringIO) -> None:
    log.configure("warning", "json", out)
    log.get("x").info("one")
    assert out.getvalue() == ""
    assert not log.debugging()
    log.configure("debug", "json", out)
    assert log.debugging()


def test_secrets_stay_out(out: io.StringIO) -> None:
    log.configure("info", "json", out)
    log.get("x").info("one", password="hunter2", token="t0ken")
    assert "hunter2" not in out.getvalue()
    assert "t0ken" not in out.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_peer_can_forge_a_line_or_move_the_cursor(out: io.StringIO, form: str) -> None:
    log.configure("info", form, out)
    log.get("x").info("one", resource="a\n2026-01-01 [error] fire\x1b[2J" + "x" * 9999)
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()
    assert len(out.getvalue()) < 3000


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_bug_shows_its_traceback(out: io.StringIO, form: str) -> None:
    log.configure("info", form, out)
    password = "hunt" + "er2"
    try:
        raise KeyError("lost\x1b[2J" + password[:0])
    except KeyError as error:
        bugs.record("thing.failed", error)
    assert "test_a_bug_shows_its_traceback" in out.getvalue()
    assert password not in out.getvalue(), "values of variables stay out"
    assert "\x1b[2J" not in out.getvalue()


def test_libraries_log_along(out: io.StringIO) -> None:
    log.configure("info", "json", out)
    logging.getLogger("asyncio").warning("slow %s", "thing")
    logging.getLogger("asyncio").debug("unheard")
    line = json.loads(out.getvalue())
    assert (line["event"], line["text"], line["source"]) == (
        "library.logged",
        "slow thing",
        "asyncio",
    )
