"""CPU time of processes, from `/proc` (Linux)."""

import os
import pathlib
from collections.abc import Iterable

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = pathlib.Path("/proc")


def cpu_seconds(roots: Iterable[int]) -> float:
    """What the processes and all their descendants have used, in user and system mode.

    To the nanosecond where the kernel keeps such accounts (`schedstat`), else to the tick, which
    is 10 ms. The former know nothing of threads that have ended.
    """
    tree = descendants(roots)
    fine = [_scheduled(pid) for pid in tree]
    if all(seconds is not None for seconds in fine):
        return sum(seconds for seconds in fine if seconds is not None)
    return sum(_ticked(pid) for pid in tree)


def descendants(roots: Iterable[int]) -> list[int]:
    """The processes and all that they have started."""
    children: dict[int, list[int]] = {}
    for pid in (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()):
        if stat := _stat(pid):
            children.setdefault(int(stat[1]), []).append(pid)
    found: list[int] = []
    todo = [pid for pid in roots if _stat(pid)]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], ())
    return found


def _scheduled(pid: int) -> float | None:
    """Seconds on a processor, of all threads; None if that is not told."""
    try:
        threads = [path.read_text() for path in (_PROC / str(pid) / "task").glob("*/schedstat")]
    except OSError:
        return None
    return sum(int(thread.split()[0]) for thread in threads) / 1e9 if threads else None


def _ticked(pid: int) -> float:
    stat = _stat(pid)
    return sum(map(int, stat[11:15])) / _TICKS if stat else 0.0


def _stat(pid: int) -> list[str]:
    """The fields from the state on: the parent is the second, user time the twelfth."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
