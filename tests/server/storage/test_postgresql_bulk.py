"""All rows of a commit in one statement."""

from server.storage.batch import Lane
from server.storage.insert import Insert
from server.storage.messages import ARCHIVE, DELIVERED, MESSAGE
from server.storage.postgresql_bulk import build, is_single

TYPES = {
    MESSAGE: ["bigint", "bytea"],
    ARCHIVE: ["bigint", "bigint", "text", "text", "smallint"],
    DELIVERED: ["bigint", "bigint"],
}


def test_one_table() -> None:
    assert build([MESSAGE], TYPES) == (
        "INSERT INTO message (id, stanza) SELECT * FROM unnest($1::bigint[], $2::bytea[])"
    )


def test_many_tables() -> None:
    assert build([MESSAGE, DELIVERED, ARCHIVE], TYPES) == (
        "WITH lane0 AS (INSERT INTO message (id, stanza)"
        " SELECT * FROM unnest($1::bigint[], $2::bytea[])),"
        " lane1 AS (INSERT INTO delivered (account, cursor)"
        " SELECT * FROM unnest($3::bigint[], $4::bigint[]) ON CONFLICT (account) DO UPDATE"
        " SET cursor = excluded.cursor WHERE excluded.cursor > delivered.cursor)"
        " INSERT INTO archive (account, id, peer, resource, flags) SELECT * FROM"
        " unnest($5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::smallint[])"
    )


def test_parts_of_a_statement_do_not_see_each_other() -> None:
    """So a table may occur in one of them only."""
    other = Insert("message", ("id", "stanza"))
    assert is_single([Lane(MESSAGE), Lane(ARCHIVE)])
    assert not is_single([Lane(MESSAGE), Lane(other)])
