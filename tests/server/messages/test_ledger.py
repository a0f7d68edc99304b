"""The delivery state of one account: nothing lost, nothing doubled, whatever the order."""

from hypothesis import given
from hypothesis import strategies as st

from server.messages.ledger import Ledger


def ledger(cursor: int = 0, *, backlog: bool = False) -> Ledger:
    """A ledger that has caught up."""
    return Ledger(cursor, backlog=backlog)


def test_the_cursor_follows_acknowledgements_in_order() -> None:
    book = ledger()
    for mid in (1, 2, 3):
        book.stored(mid, 1, attended=True)
    book.acknowledged([1, 2])
    assert (book.cursor, book.dirty) == (2, True)
    book.acknowledged([3])
    assert book.cursor == 3
    assert not book.to_park


def test_what_the_owner_sent_does_not_hold_the_cursor_back() -> None:
    book = ledger()
    book.stored(1, 1, attended=True)
    book.sent(2)
    book.acknowledged([1])
    assert book.cursor == 2


def test_an_older_message_of_another_device_is_parked() -> None:
    book = ledger()
    book.stored(1, 1, attended=True)  # to a device that sleeps
    book.stored(2, 1, attended=True)
    book.acknowledged([2])
    assert book.cursor == 2
    assert book.to_park == [1]
    book.saved()
    book.acknowledged([1])
    assert book.to_unpark == [1]
    assert not book.parked


def test_two_devices_and_the_first_to_acknowledge_settles_it() -> None:
    book = ledger()
    book.stored(1, 2, attended=True)
    book.acknowledged([1])
    assert book.cursor == 1
    assert not book.dropped(1)
    book.acknowledged([1])
    assert book.cursor == 1


def test_the_cursor_stands_still_while_there_may_be_a_backlog() -> None:
    book = ledger(10, backlog=True)
    book.stored(30, 1, attended=True)
    book.acknowledged([30])
    assert book.cursor == 10
    assert not book.is_due(30)
    assert book.is_due(20)
    book.taken(20)
    book.caught_up()
    assert book.cursor == 19
    book.acknowledged([20])
    assert book.cursor == 30


def test_the_cursor_follows_while_a_backlog_is_read() -> None:
    book = ledger(10, backlog=True)
    for mid in (11, 12, 13):
        book.taken(mid)
    book.read_until(13)
    book.acknowledged([11, 12])
    assert book.cursor == 12
    book.deserted()
    assert [mid for mid in (11, 12, 13, 14) if mid > book.cursor and book.is_due(mid)] == [13, 14]


def test_a_backlog_from_before_a_restart_is_settled_for_good() -> None:
    """Nothing new need come for the cursor to pass what was read and acknowledged."""
    book = ledger(10, backlog=True)
    for mid in (11, 12, 13):
        book.taken(mid)
    book.read_until(13)
    book.caught_up()
    book.acknowledged([11, 12, 13])
    assert (book.cursor, book.dirty) == (13, True)


def test_what_came_past_a_backlog_is_not_due_when_it_is_read() -> None:
    book = ledger(10, backlog=True)
    book.stored(30, 0, attended=True)
    book.taken(30)
    book.acknowledged([30])
    assert not book.is_due(30)
    book.deserted()
    assert not book.is_due(30)


def test_what_a_dead_session_had_of_a_backlog_is_read_again() -> None:
    book = ledger(10, backlog=True)
    for mid in (11, 12, 13):
        book.taken(mid)
    book.read_until(13)
    book.acknowledged([12])
    lost = [mid for mid in (11, 13) if book.dropped(mid)]
    book.returned(lost)
    assert (book.cursor, book.parked, book.backlog) == (12, {11}, True)
    assert book.is_due(11)
    assert book.is_due(13)


def test_with_nobody_there_messages_join_the_backlog() -> None:
    book = ledger()
    book.stored(1, 0, attended=False)
    assert book.has_pending
    assert book.cursor == 0


def test_with_nobody_to_take_it_a_message_is_parked() -> None:
    book = ledger()
    book.stored(1, 0, attended=True)
    assert book.to_park == [1]
    assert book.cursor == 1


def test_a_dead_session_leaves_its_messages_to_others() -> None:
    book = ledger()
    book.stored(1, 1, attended=True)
    book.stored(2, 2, attended=True)
    assert book.dropped(1)
    assert not book.dropped(2)
    book.orphaned([1], attended=True)
    assert book.to_park == [1]


def test_the_last_session_leaves_everything_to_the_database() -> None:
    book = ledger()
    book.stored(1, 1, attended=True)
    assert book.dropped(1)
    book.orphaned([1], attended=False)
    book.deserted()
    assert book.has_pending
    assert book.cursor == 0


MESSAGES = st.lists(
    st.tuples(st.sets(st.sampled_from("ab")), st.permutations("ab")), min_size=1, max_size=12
)


@given(MESSAGES, st.randoms(use_true_random=False))
def test_pending_is_what_no_device_acknowledged(
    messages: list[tuple[set[str], list[str]]], chance: "object"
) -> None:
    """Two devices acknowledge prefixes of what they got, in any interleaving."""
    book = ledger()
    queues: dict[str, list[int]] = {"a": [], "b": []}
    arrived: set[int] = set()
    for mid, (targets, order) in enumerate(messages, 1):
        book.stored(mid, len(targets), attended=True)
        for device in targets:
            queues[device].append(mid)
        for device in order:
            count = chance.randint(0, len(queues[device]))  # type: ignore[attr-defined]
            acked, queues[device] = queues[device][:count], queues[device][count:]
            if acked:
                book.acknowledged(acked)
                arrived.update(acked)
        everything = set(range(1, mid + 1))
        pending = book.parked | {m for m in everything if m > book.cursor and m not in arrived}
        assert pending == everything - arrived
        # What the database would deliver again after a crash: nothing that has arrived but what
        # lies beyond a cursor that something older holds back.
        oldest = min((m for m in everything - arrived - book.parked), default=mid + 1)
        assert book.cursor >= oldest - 1


def test_what_waited_too_long_is_settled_in_the_backlog() -> None:
    book = Ledger(10, parked=[3, 7])
    assert [mid for mid in (3, 7, 12, 14) if book.is_waiting(mid)] == [3, 7, 12, 14]
    book.expired([3, 12])
    assert (book.cursor, book.parked, book.to_unpark) == (12, {7}, [3])
    assert not book.is_waiting(12)
    assert book.is_waiting(14)


def test_what_a_device_holds_does_not_expire() -> None:
    book = Ledger(10)
    book.stored(11, 1, attended=True)
    book.stored(13, 0, attended=True)
    assert [mid for mid in (11, 12, 13) if book.is_waiting(mid)] == [12, 13]
    book.expired([12, 13])
    assert book.cursor == 10
    book.acknowledged([11])
    assert book.cursor == 13
    assert not book.parked


def test_without_a_backlog_only_what_is_parked_expires() -> None:
    book = Ledger(0, backlog=False)
    book.stored(1, 1, attended=True)
    book.stored(2, 0, attended=True)
    assert [mid for mid in (1, 2) if book.is_waiting(mid)] == [2]
    book.expired([2])
    assert book.to_unpark == [2]
    assert not book.has_pending
