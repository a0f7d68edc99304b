"""When a stanza was really sent (XEP-0203)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.timestamps import stamp

if TYPE_CHECKING:
    from server.jid import JID

NS: Final = "urn:xmpp:delay"


def build(moment: int, from_: JID | None = None) -> bytes:
    """The element for a moment (milliseconds since 1970); `from_` is the one who delayed it (§2).

    "The format MUST adhere to the dateTime format … and MUST be expressed in UTC" (§2).
    """
    if from_ is None:
        return b"<delay xmlns='urn:xmpp:delay' stamp='%s'/>" % stamp(moment)
    return b"<delay xmlns='urn:xmpp:delay' from='%s' stamp='%s'/>" % (
        from_.wire, stamp(moment),
    )  # fmt: skip
