"""Migration files: their form, their order, who may still run."""

import pytest

from server.storage.migrate import Migration, SchemaTooNew, load, outstanding, parse
from server.storage.sqlite_connection import DIALECT

ONE, TWO, THREE = Migration(1, 1, ""), Migration(2, 1, ""), Migration(3, 3, "")


def test_the_core_has_migrations_in_order() -> None:
    versions = [migration.version for migration in load()]
    assert versions == list(range(1, len(versions) + 1))


def test_a_file_tells_its_number_and_who_can_still_run() -> None:
    migration = parse("0012_more.sql", "-- oldest: 7\nCREATE TABLE t (id BIGINT);")
    assert (migration.version, migration.oldest) == (12, 7)


def test_a_file_must_tell_who_can_still_run() -> None:
    with pytest.raises(ValueError):
        parse("0012_more.sql", "CREATE TABLE t (id BIGINT);")


def test_statements_are_in_the_drivers_dialect() -> None:
    text = "-- oldest: 1\n-- a; comment\nCREATE TABLE t (id $BIGKEY,\n  -- why\n v $BLOB);\nDROP x;"
    assert parse("0001_x.sql", text).statements(DIALECT) == [
        "CREATE TABLE t (id INTEGER PRIMARY KEY,\n v BLOB)",
        "DROP x",
    ]


def test_a_name_the_driver_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        Migration(1, 1, "CREATE TABLE t (id $NOBODY)").statements(DIALECT)


def test_what_is_outstanding() -> None:
    assert outstanding("x", [ONE, TWO], []) == [ONE, TWO]
    assert outstanding("x", [ONE, TWO], [(1, 1)]) == [TWO]
    assert outstanding("x", [ONE, TWO], [(2, 1)]) == []


def test_old_code_runs_on_a_newer_schema_as_long_as_that_says_so() -> None:
    assert outstanding("x", [ONE], [(2, 1)]) == []
    with pytest.raises(SchemaTooNew, match="version 3"):
        outstanding("x", [ONE, TWO], [(3, 3)])
