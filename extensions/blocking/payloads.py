"""Block lists and reports on the wire (XEP-0191 §3, XEP-0377 §4 to §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.element import Element

NS: Final = "urn:xmpp:blocking"
NS_REPORTING: Final = "urn:xmpp:reporting:1"

BLOCKLIST: Final = f"{{{NS}}}blocklist"
BLOCK: Final = f"{{{NS}}}block"
UNBLOCK: Final = f"{{{NS}}}unblock"

_ITEM: Final = f"{{{NS}}}item"
_REPORT: Final = f"{{{NS_REPORTING}}}report"
_TEXT: Final = f"{{{NS_REPORTING}}}text"
#: COMPAT: Gajim up to 1.7 (Debian 12) reports as XEP-0377 0.2 had it: <spam/> or <abuse/>, no more.
_OLD: Final = "urn:xmpp:reporting:0"
_STANZA_ID: Final = "{urn:xmpp:sid:0}stanza-id"

#: Bytes of an address; more PostgreSQL does not take in an index.
_LONGEST: Final = 2560

#: Of one report: characters of its reason, of its text, and of an identifier; identifiers.
_LONGEST_REASON: Final = 256
_LONGEST_TEXT: Final = 4000
_LONGEST_ID: Final = 512
_MOST_STANZAS: Final = 50


@dataclass(frozen=True, slots=True)
class Report:
    """Why somebody was blocked, for the operator (XEP-0377 §4)."""

    reported: JID
    reason: str
    text: str = ""
    stanzas: tuple[tuple[str, str], ...] = ()  # address of the archive, identifier
    report_origin: bool = False  # may be told to the domain it came from (§5)
    third_party: bool = False  # may be told to others


def parse_items(command: Element) -> dict[JID, Report | None]:
    """The addresses of a command, each with its report if there is one."""
    found: dict[JID, Report | None] = {}
    for item in command.iterchildren(_ITEM):
        try:
            jid = JID.parse(item.get("jid", ""))
        except JIDMalformed as wrong:
            text = f"This is no address: {wrong}"
            raise StanzaError(Condition.JID_MALFORMED, text) from None
        if len(jid.encode()) > _LONGEST:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "There is no such long address")
        report = item.find(_REPORT)
        found[jid] = _old_report(jid, item) if report is None else _parse_report(jid, report)
    return found


def _old_report(jid: JID, item: Element) -> Report | None:
    for reason in ("spam", "abuse"):
        if item.find(f"{{{_OLD}}}report/{{{_OLD}}}{reason}") is not None:
            text = item.findtext(f"{{{_OLD}}}report/{{{_OLD}}}text") or ""
            return Report(jid, f"urn:xmpp:reporting:{reason}", text.strip()[:_LONGEST_TEXT])
    return None


def _parse_report(jid: JID, report: Element) -> Report:
    # "Abuse reports MUST include a reason for the report in the "reason" attribute." (§4)
    reason = report.get("reason", "")
    if not reason or len(reason) > _LONGEST_REASON:
        raise StanzaError(Condition.BAD_REQUEST, "A report needs a reason")
    stanzas = [(each.get("by", ""), each.get("id", "")) for each in report.iterchildren(_STANZA_ID)]
    if len(stanzas) > _MOST_STANZAS or any(len(a + b) > _LONGEST_ID for a, b in stanzas):
        text = f"A report may name {_MOST_STANZAS} messages"
        raise StanzaError(Condition.POLICY_VIOLATION, text)
    return Report(
        jid, reason, (report.findtext(_TEXT) or "").strip()[:_LONGEST_TEXT], tuple(stanzas),
        report.find(f"{{{NS_REPORTING}}}report-origin") is not None,
        report.find(f"{{{NS_REPORTING}}}third-party") is not None,
    )  # fmt: skip


def build(name: str, jids: Iterable[JID]) -> bytes:
    """A list of addresses: `blocklist`, `block` or `unblock`."""
    items = b"".join(b"<item jid='%s'/>" % jid.wire for jid in jids)
    return b"<%s xmlns='urn:xmpp:blocking'>%s</%s>" % (name.encode(), items, name.encode())
