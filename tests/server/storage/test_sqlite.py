"""The SQLite driver: full disks, killed processes, other writers, a bounded log."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from server.storage import sqlite
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.messages import DELIVERED, MESSAGE
from server.storage.migrate import SchemaTooNew
from server.storage.sqlite import SQLiteDatabase
from server.storage.sqlite_connection import connect_writer

COUNT = "SELECT count(*) FROM message"
ROOT = Path(__file__).parents[3]
VICTIM = """
import asyncio, pathlib, sys
from server.storage.messages import MESSAGE
from server.storage.migrate import SchemaTooNew
from server.storage.sqlite import SQLiteDatabase

async def main():
    database = SQLiteDatabase(pathlib.Path(sys.argv[1]))
    await database.start()
    journal = database.journal
    number = 0
    while True:
        for _ in range(20):
            number += 1
            sequence = journal.append(MESSAGE, (number, b"x" * 300))
        journal.when_durable(sequence, lambda number=number: print(number, flush=True))
        await asyncio.sleep(0)

asyncio.run(main())
"""


def is_failing(database: SQLiteDatabase) -> bool:
    """A function, since the type checker takes an attribute to stay as it was."""
    return database.journal.failing


async def opened(path: Path, **options: float) -> SQLiteDatabase:
    database = SQLiteDatabase(path, **options)
    await database.start()
    return database


def killed(path: Path) -> int:
    """The highest number a process called durable before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as victim:
        assert victim.stdout is not None
        lines = [victim.stdout.readline() for _ in range(50)]
        victim.kill()
        lines += victim.stdout.read().splitlines()
    return max(int(line) for line in lines if line.strip())


async def test_what_a_killed_process_called_durable_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    promised = killed(path)
    database = await opened(path)
    rows = await database.fetch("SELECT id FROM message ORDER BY id")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= promised
    await database.close()


async def test_a_full_disk_is_told_and_overcome(tmp_path: Path) -> None:
    database = await opened(tmp_path / "x.db", commit_interval=0, retry_interval=0)
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    journal = database.journal
    failed: list[object] = []
    broke = asyncio.Event()

    def on_failed(origins: list[object], error: Exception) -> None:
        failed.extend(origins)
        broke.set()

    journal.on_failed = on_failed
    database._writer.execute("PRAGMA max_page_count = 1")  # it becomes the present size

    durable: list[int] = []
    sequence = journal.append(MESSAGE, (1, bytes(1 << 20)), "a")
    journal.append(DELIVERED, (7, 100))
    journal.when_durable(sequence, lambda: durable.append(sequence))
    await broke.wait()
    assert failed == ["a"]
    assert is_failing(database)
    assert not durable
    with pytest.raises(StorageUnavailable):
        await database.execute("INSERT INTO message VALUES (2, $1)", bytes(1 << 20))
    assert reports

    database._writer.execute("PRAGMA max_page_count = 1000000")
    while is_failing(database):
        await database.fetch_large("SELECT 1")
    assert durable == [sequence]
    assert await database.fetch("SELECT cursor FROM delivered WHERE account = 7") == [(100,)]
    assert await database.fetch(COUNT) == [(0,)]
    await database.close()


async def test_another_process_may_write_meanwhile(tmp_path: Path) -> None:
    database = await opened(tmp_path / "x.db")
    other = connect_writer(str(tmp_path / "x.db"))
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO message VALUES (1, x'00')")
    write = database.journal.write([("INSERT INTO message VALUES (2, x'00')", ())])
    await database.fetch_large("SELECT 1")
    assert not write.done()
    other.execute("COMMIT")
    other.close()
    await write
    assert await database.fetch(COUNT) == [(2,)]
    await database.close()


async def test_two_servers_in_one_file_both_keep_their_rows(tmp_path: Path) -> None:
    one, other = await opened(tmp_path / "x.db"), await opened(tmp_path / "x.db")
    for number in range(50):
        one.journal.append(MESSAGE, (number, b""))
        other.journal.append(MESSAGE, (1000 + number, b""))
        await asyncio.sleep(0)
    await one.journal.sync()
    await other.journal.sync()
    assert await one.fetch(COUNT) == await other.fetch(COUNT) == [(100,)]
    await one.close()
    await other.close()


async def test_the_log_does_not_grow_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_SIZE", 100_000)
    database = await opened(tmp_path / "x.db", commit_interval=0)
    for number in range(200):
        database.journal.append(MESSAGE, (number, bytes(20_000)))
        await database.journal.sync()
    # 4 MB were written; each checkpoint lets the log begin anew.
    assert (tmp_path / "x.db-wal").stat().st_size < 2_000_000
    await database.close()
    assert not (tmp_path / "x.db-wal").exists()


async def test_reads_leave_no_transaction_open(tmp_path: Path) -> None:
    database = await opened(tmp_path / "x.db")
    for number in range(3):
        await database.fetch("SELECT 1 FROM message")
        await database.execute("INSERT INTO message VALUES ($1, $2)", number, b"")
        assert await database.fetch(COUNT) == [(number + 1,)]
        assert await database.fetch_large(COUNT) == [(number + 1,)]
    await database.close()


async def test_a_newer_schema_is_refused_and_the_file_released(tmp_path: Path) -> None:
    database = await opened(tmp_path / "x.db")
    await database.execute("UPDATE migration SET version = 9999, oldest = 9999")
    await database.close()
    with pytest.raises(SchemaTooNew):
        await opened(tmp_path / "x.db")


async def test_a_disk_that_fails_between_two_commits_does_not_end_the_writer(
    tmp_path: Path,
) -> None:
    database = await opened(tmp_path / "x.db")
    reports: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    writer = database._writer
    database._writer = sqlite3.connect(":memory:", check_same_thread=False)
    database._writer.close()
    database._jobs.put(database._checkpoint_rest)
    await database.execute("INSERT INTO message VALUES (1, x'00')")
    database._writer = writer
    assert isinstance(reports[0]["exception"], sqlite3.ProgrammingError)
    await database.close()


async def test_a_rollback_that_fails_is_an_answer_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await opened(tmp_path / "x.db", retry_interval=0)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(database._committer, "_together", fails)
        broken.setattr(database._committer, "_rollback", fails)
        with pytest.raises(StorageError):
            await asyncio.wait_for(database.execute("INSERT INTO message VALUES (1, x'00')"), 60)
    await database.execute("INSERT INTO message VALUES (1, x'00')")
    await database.close()


async def test_a_bug_in_the_writer_is_not_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await opened(tmp_path / "x.db", retry_interval=0)
    reports: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    committer = database._committer
    with monkeypatch.context() as broken:
        broken.setattr(committer, "_together", lambda batch: 1 / 0)
        broken.setattr(committer, "_apart", lambda batch: 1 / 0)
        with pytest.raises(StorageError, match="ZeroDivisionError"):
            await database.execute("INSERT INTO message VALUES (1, x'00')")
    await database.execute("INSERT INTO message VALUES (1, x'00')")
    assert isinstance(reports[0]["exception"], StorageError)
    await database.close()
