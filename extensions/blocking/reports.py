"""What users report, and the command with which administrators see to it (XEP-0377)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.blocking import store
from extensions.commands import Command, Done, Stage, Who
from extensions.payloads.forms import Field, Form, Option
from server import log
from server.extension import At
from server.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.blocking.payloads import Report
    from extensions.blocking.store import ReportRow
    from server.extension import Request
    from server.host import Host
    from server.jid import JID
    from server.storage.insert import Step

_log = log.get(__name__)

#: How many reports of one user wait; further ones are counted in the log and dropped.
MOST: Final = 100
#: How many are shown at once.
PAGE: Final = 50
_SHOWN: Final = 200
_SETTLED: Final = "settled"


async def note(host: Host, reporter: JID, reports: Iterable[Report]) -> list[Step]:
    """Log reports; gives what is to be stored of them."""
    reports = list(reports)
    if not reports:
        return []
    database = host.server.database
    room = max(0, MOST - await store.count_reports(database, reporter))
    now = int(host.server.clock.utcnow() * 1000)
    for each in reports[:room]:
        _log.info("abuse.reported", reporter=reporter, reported=each.reported, reason=each.reason)
    if len(reports) > room:
        _log.warning("abuse.too_many_reports", reporter=reporter, dropped=len(reports) - room)
    return [store.report(host.jid, reporter, each, now) for each in reports[:room]]


class ReportsCommand:
    """Shows administrators what was reported."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.command = Command("reports", "Reports of abuse", At.HOST, Who.ADMINS, self.begin)

    async def begin(self, request: Request) -> Stage | Done:
        """The oldest reports."""
        rows = await store.oldest_reports(self._host.server.database, self._host.jid, PAGE)
        if not rows:
            return Done("There are no reports.")
        options = tuple(Option(str(row.id), _label(row)) for row in rows)
        field = Field(_SETTLED, (), "list-multi", "Those that are settled", options=options)
        text = "What users have reported, the oldest first. Those you choose are forgotten."
        return Stage(Form("form", (field,), "Reports of abuse", text), self.settle)

    async def settle(self, request: Request, given: Form) -> Done:
        """Forget what an administrator has seen to."""
        chosen = [int(value) for value in given.values(_SETTLED)]
        if chosen:
            await store.settle(self._host.server.database, self._host.jid, chosen)
        return Done(f"{len(chosen)} reports are settled.")


def _label(row: ReportRow) -> str:
    reason = row.reason.rpartition(":")[2]
    when = stamp(row.received).decode()
    text = f": {row.text[:_SHOWN]}" if row.text else ""
    return f"{when} {row.reported} ({reason}), reported by {row.reporter}{text}"
