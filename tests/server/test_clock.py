"""The clock of the machine, and the one of the tests."""

from server.clock import Clock
from server.tasks import Tasks
from tests.harness.clock import EPOCH, FakeClock
from tests.harness.loop import settle


def test_the_stopwatch_never_goes_back() -> None:
    clock = Clock()
    assert clock.now() <= clock.now()


def test_a_fake_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock()
    assert (clock.now(), clock.utcnow()) == (0.0, EPOCH)
    clock.advance(90)
    assert (clock.now(), clock.utcnow()) == (90.0, EPOCH + 90)


async def test_sleepers_wake_in_the_order_of_their_hour() -> None:
    clock = FakeClock()
    woken: list[float] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async with Tasks("test") as tasks:
        for seconds in (30, 10, 20, 99):
            tasks.spawn(sleeper(seconds), "sleeper")
        await settle()
        clock.advance(50)
        await settle()
        assert woken == [10, 20, 30]
