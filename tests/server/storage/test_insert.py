"""The text of a bulk insert."""

from server.storage.insert import Insert


def test_several_rows_make_one_statement() -> None:
    insert = Insert("t", ("a", "b"), "(a) DO NOTHING")
    assert insert.sql(2) == "INSERT INTO t (a, b) VALUES (?,?),(?,?) ON CONFLICT (a) DO NOTHING"


def test_without_conflict_nothing_is_said_of_it() -> None:
    assert Insert("t", ("a",)).sql(1) == "INSERT INTO t (a) VALUES (?)"


def test_the_payload_column_is_found_once() -> None:
    assert Insert("t", ("a", "b"), payload="b").weigh == 1
    assert Insert("t", ("a", "b")).weigh == -1


def test_declarations_are_told_apart_by_identity() -> None:
    assert Insert("t", ("a",)) != Insert("t", ("a",))
