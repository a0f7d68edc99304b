"""Block lists and reports at rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from server.jid import JID

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from extensions.blocking.payloads import Report
    from server.storage.database import Database
    from server.storage.insert import Step

_LOAD: Final = "SELECT jid FROM blocked WHERE account = $1"
_BLOCK: Final = "INSERT INTO blocked (account, jid) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_UNBLOCK: Final = "DELETE FROM blocked WHERE account = $1 AND jid = $2"
_FORGET: Final = "DELETE FROM blocked WHERE account = $1"
_FORGET_DEPARTED: Final = "DELETE FROM blocked WHERE account NOT IN (SELECT id FROM account)"

_REPORT: Final = """INSERT INTO abuse_report (host, reporter, reported, reason, explanation,
    stanzas, report_origin, third_party, received) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_COUNT: Final = "SELECT count(*) FROM abuse_report WHERE reporter = $1"
_OLDEST: Final = """SELECT id, reporter, reported, reason, explanation, stanzas, received
    FROM abuse_report WHERE host = $1 ORDER BY id LIMIT $2"""
_SETTLE: Final = "DELETE FROM abuse_report WHERE host = $1 AND id = $2"


class ReportRow(NamedTuple):
    """A report that waits for an administrator; `received` in unix milliseconds."""

    id: int
    reporter: str
    reported: str
    reason: str
    text: str
    stanzas: str
    received: int


async def load(db: Database, account: int) -> frozenset[JID]:
    """Whom an account has blocked."""
    return frozenset(JID.parse(row[0]) for row in await db.fetch(_LOAD, account))


async def block(db: Database, account: int, jids: Iterable[JID], reports: Iterable[Step]) -> None:
    """Add to an account's list, together with the reports."""
    await db.batch([*((_BLOCK, (account, jid)) for jid in jids), *reports])


async def unblock(db: Database, account: int, jids: Collection[JID]) -> None:
    """Take from an account's list."""
    if jids:
        await db.batch([(_UNBLOCK, (account, jid)) for jid in jids])


async def forget(db: Database, account: int) -> None:
    """The account is gone."""
    await db.execute(_FORGET, account)


async def forget_departed(db: Database) -> None:
    """Forget accounts that were deleted while nobody looked."""
    await db.execute(_FORGET_DEPARTED)


def report(host: JID, reporter: JID, told: Report, now_ms: int) -> Step:
    """The step that notes a report."""
    return (
        _REPORT,
        (
            host, reporter, told.reported, told.reason, told.text, json.dumps(told.stanzas),
            int(told.report_origin), int(told.third_party), now_ms,
        ),
    )  # fmt: skip


async def count_reports(db: Database, reporter: JID) -> int:
    """How many reports of a user wait."""
    return int((await db.fetch(_COUNT, reporter))[0][0])


async def oldest_reports(db: Database, host: JID, limit: int) -> list[ReportRow]:
    """The reports that have waited longest."""
    return [ReportRow(*row) for row in await db.fetch(_OLDEST, host, limit)]


async def settle(db: Database, host: JID, ids: Iterable[int]) -> None:
    """Administrators have seen to these reports."""
    await db.batch([(_SETTLE, (host, id_)) for id_ in ids])
