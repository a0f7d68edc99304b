"""Lanes: what waits for one bulk insert."""

from hypothesis import given
from hypothesis import strategies as st

from server.storage.batch import lane_for
from server.storage.insert import Insert, Row

PLAIN = Insert("t", ("k", "v"))
KEYED = Insert("t", ("k", "v"), "(k) DO UPDATE SET v = excluded.v", key=1)
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers()))


@given(ROWS)
def test_a_plain_lane_keeps_every_row_in_order(rows: list[Row]) -> None:
    lane = lane_for(PLAIN)
    for row in rows:
        lane.add(row, None)
    assert lane.rows == rows


@given(ROWS)
def test_a_keyed_lane_keeps_the_newest_row_of_each_key(rows: list[Row]) -> None:
    lane = lane_for(KEYED)
    for place, row in enumerate(rows):
        lane.add(row, place)
    newest = {row[0]: (row, place) for place, row in enumerate(rows)}
    assert {row[0]: (row, origin) for row, origin in lane.pairs()} == newest
    assert len(lane) == len(newest)
