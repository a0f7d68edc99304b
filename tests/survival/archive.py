"""Reading a whole archive through the front door (XEP-0313)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.survival.client import Client

NS = "urn:xmpp:mam:2"
_SET = "{http://jabber.org/protocol/rsm}set"
_LAST = "{http://jabber.org/protocol/rsm}last"
_RESULT = f"{{{NS}}}result"


class Entry(NamedTuple):
    """A message of an archive."""

    id: str
    body: str


async def read_archive(client: Client, after: str = "") -> list[Entry]:
    """Everything in the archive of that client, or all after an entry, oldest first."""
    entries: list[Entry] = []
    while True:
        start = len(client.received)
        after_ = f"<after>{after}</after>" if after else ""
        answer = await client.request(
            f"<query xmlns='{NS}'><set xmlns='http://jabber.org/protocol/rsm'>"
            f"<max>200</max>{after_}</set></query>",
            "set",
        )
        assert answer.get("type") == "result", answer
        for stanza in client.received[start:]:
            result = stanza.find(_RESULT)
            if result is not None:
                body = result.findtext(".//{jabber:client}body") or ""
                entries.append(Entry(result.get("id") or "", body))
        fin = answer[0]
        if fin.get("complete") == "true":
            return entries
        after = fin.findtext(f"{_SET}/{_LAST}") or ""
        assert after
