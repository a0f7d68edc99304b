"""What an archive answers, as bytes (XEP-0313 §4.2, §4.3, §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.payloads import rsm
from server import message_id
from server.element import escape
from server.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from extensions.archive.query import Query
    from server.jid import JID

Entry = tuple[int, bytes]

#: Every stored stanza begins so; its namespace is spliced in behind.
_OPEN: Final = len(b"<message")

#: Bytes in one page, whatever the number of results: a client's output buffer must hold it.
PAGE_BYTES: Final = 1 << 20


def builder(archive: JID, to: JID, query_id: str | None) -> Callable[[int, bytes], bytes]:
    """A function that wraps a stored stanza into a result for one query (§4.2).

    "If the client gave a 'queryid' attribute in its initial query, the server MUST also include
    that in this result element". The envelope is built once for all results of a page.
    """
    echo = b"" if query_id is None else b" queryid='%s'" % escape(query_id)
    head = b"<message to='%s' from='%s'><result xmlns='urn:xmpp:mam:2'%s id='" % (
        to.wire, archive.wire, echo,
    )  # fmt: skip
    template = (
        head.replace(b"%", b"%%") + b"%016x'><forwarded xmlns='urn:xmpp:forward:0'>"
        b"<delay xmlns='urn:xmpp:delay' stamp='%s'/><message xmlns='jabber:client'%s"
        b"</forwarded></result></message>"
    )
    to_ms = message_id.to_ms

    def build(mid: int, wire: bytes) -> bytes:
        return template % (mid, stamp(to_ms(mid)), wire[_OPEN:])

    return build


def fit(entries: list[Entry], from_end: bool) -> tuple[list[Entry], bool]:
    """As many entries as a page may weigh, at least one; and whether some were left out.

    "a server MAY place a reasonable limit on how many stanzas may be pushed to a client in one
    request" (§4.3.1). A backwards page keeps its end.
    """
    weight = 0
    for index, (_, wire) in enumerate(reversed(entries) if from_end else entries):
        weight += len(wire)
        if weight > PAGE_BYTES and index:
            return (entries[-index:] if from_end else entries[:index]), True
    return entries, False


def last_word(query: Query, entries: list[Entry], complete: bool) -> bytes:
    """The answer after the results: which page this was (§4.3.2).

    Position and number are told where they are known anyway: XEP-0313 leaves both optional, and
    counting costs as much as the archive is long.
    """
    if not entries:
        return fin(rsm.build(count=0 if _is_whole(query, complete) else None), complete)
    is_first = not query.page.after and (complete or not query.is_backwards)
    count = len(entries) if _is_whole(query, complete) else None
    first, last = message_id.encode(entries[0][0]), message_id.encode(entries[-1][0])
    return fin(rsm.build(first, last, 0 if is_first else None, count), complete)


def _is_whole(query: Query, complete: bool) -> bool:
    """Whether the page holds everything that matches, and not just the rest of it."""
    return complete and not query.page.after and not query.page.before


def fin(result_set: bytes, complete: bool) -> bytes:
    """The end of a query.

    "the server MUST include a 'complete' attribute on the <fin> element, with a value of 'true'"
    when nothing was cut off (§4.3.2). Results are always stable.
    """
    attribute = b" complete='true'" if complete else b""
    return b"<fin xmlns='urn:xmpp:mam:2'%s>%s</fin>" % (attribute, result_set)


def metadata(bounds: tuple[int, int] | None) -> bytes:
    """The ends of the archive; "if the archive is empty, … an empty <metadata/> element" (§5)."""
    if bounds is None:
        return b"<metadata xmlns='urn:xmpp:mam:2'/>"
    return b"<metadata xmlns='urn:xmpp:mam:2'>%s%s</metadata>" % (
        _end(b"start", bounds[0]), _end(b"end", bounds[1]),
    )  # fmt: skip


def _end(name: bytes, mid: int) -> bytes:
    identifier = message_id.encode(mid).encode("ascii")
    return b"<%s id='%s' timestamp='%s'/>" % (name, identifier, stamp(message_id.to_ms(mid)))
