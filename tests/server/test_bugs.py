"""Exceptions nobody foresaw."""

from structlog.testing import capture_logs

from server import bugs


def fail_at_one_place() -> Exception:
    try:
        raise KeyError("one")
    except KeyError as error:
        return error


def fail_at_another_place() -> Exception:
    try:
        raise KeyError("another")
    except KeyError as error:
        return error


def test_a_bug_has_the_same_id_each_time() -> None:
    one, again, another = fail_at_one_place(), fail_at_one_place(), fail_at_another_place()
    assert bugs.identify(one) == bugs.identify(again) != bugs.identify(another)
    assert bugs.identify(KeyError("never raised"))


def test_a_bug_is_logged_with_its_id() -> None:
    with capture_logs() as logs:
        name = bugs.record("thing.failed", fail_at_one_place(), where="here")
    assert logs[0]["event"] == "thing.failed"
    assert (logs[0]["bug"], logs[0]["where"], logs[0]["log_level"]) == (name, "here", "error")
