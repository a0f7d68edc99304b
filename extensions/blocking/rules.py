"""Who is covered by a block list, and what becomes of a stanza (XEP-0191 §3.3, §6); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.errors import Condition, ErrorType, StanzaError
from server.extension import Verdict

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from server.jid import JID
    from server.stanza import Stanza

#: What nobody answers: a room takes an error for its occupant's end (XEP-0045 §18.1.2), a headline
#: expects nothing, and "an error is never the answer to an error" (RFC 6120 §8.3.1).
_UNANSWERED: Final = frozenset(("error", "groupchat", "headline"))

# As those say it who are not there: "the user will appear offline to the blocked JID" (§3.3).
_NOBODY: Final = "nobody is there to take this message"
_UNREACHABLE: Final = "this address cannot be reached"


def covers(blocked: AbstractSet[str], jid: JID) -> bool:
    """Whether an address is on the list, by itself or by what it belongs to (§6).

    "<user@domain/resource> (only that resource matches)", "<user@domain> (any resource matches)",
    "<domain/resource> (only that resource matches)", "<domain> (the domain itself matches, as does
    any user@domain or domain/resource)".
    """
    return jid in blocked or jid.bare in blocked or jid.domain in blocked


def refuse_outbound() -> StanzaError:
    """What one's own client is told (§3.3).

    "the user's server MUST NOT route the stanza to the JID but instead MUST return a
    <not-acceptable/> error containing an application-specific error condition of <blocked/>"
    """
    return StanzaError(
        Condition.NOT_ACCEPTABLE, "You have blocked this address", ErrorType.CANCEL,
        b"<blocked xmlns='urn:xmpp:blocking:errors'/>",
    )  # fmt: skip


def answer_inbound(stanza: Stanza) -> Verdict | StanzaError:
    """What somebody who is blocked is told (§3.3)."""
    # "For presence stanzas (including notifications, subscriptions, and probes), the server MUST
    # NOT respond and MUST NOT return an error."
    if stanza.kind == "presence":
        return Verdict.DROP
    # "For message stanzas, the server SHOULD return an error, … <service-unavailable/>."
    if stanza.kind == "message":
        if stanza.type in _UNANSWERED:
            return Verdict.DROP
        return StanzaError(Condition.SERVICE_UNAVAILABLE, _NOBODY)
    # "For IQ stanzas of type "get" or "set", the server MUST return an error … IQ stanzas of other
    # types MUST be silently dropped by the server."
    if stanza.type in ("get", "set"):
        return StanzaError(Condition.SERVICE_UNAVAILABLE, _UNREACHABLE)
    return Verdict.DROP
