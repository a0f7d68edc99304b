"""Copies of messages for the other devices of a user (XEP-0280)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.carbons.rules import COPIES, NS, is_eligible, is_eligible_inbound
from extensions.payloads import forwarding
from server.element import escape
from server.errors import Condition, StanzaError
from server.extension import (
    IQ,
    XEP,
    At,
    Extension,
    Feature,
    Inbound,
    Inline,
    Outbound,
    Phase,
    Request,
    Spec,
    Verdict,
    Wire,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.element import Element
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza

SENT: Final = b"sent"
RECEIVED: Final = b"received"


class Carbons(Extension):
    """Sessions that asked for it get both sides of all conversations (XEP-0280 §7, §8)."""

    name = "carbons"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(280, "Message Carbons", "1.0.1", note="every error is copied, see §6.1"),
    )

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS, At.HOST)
        yield IQ("set", f"{{{NS}}}enable", self.enable, At.OWN)
        yield IQ("set", f"{{{NS}}}disable", self.disable, At.OWN)
        yield Inline(NS, f"{{{NS}}}enable", self.begin)
        yield IQ("set", f"{{{NS}}}enable", self.refuse, At.ACCOUNT | At.NOBODY)
        yield IQ("set", f"{{{NS}}}disable", self.refuse, At.ACCOUNT | At.NOBODY)
        for tag in COPIES:
            yield Outbound(Phase.GUARD, self.refuse_forgery, payload=tag)
            yield Inbound(Phase.GUARD, self.drop_forgery, payload=tag)
        yield Outbound(Phase.COPY, self.copy_sent)
        yield Inbound(Phase.COPY, self.copy_received)

    def enable(self, request: Request) -> None:
        """Copies for the session that asks, from now on (§4); asking twice is fine (§10.1)."""
        _session(request).carbons = True

    def begin(self, session: Session, element: Element) -> None:
        """Copies from the first moment on (XEP-0386 §3.2)."""
        session.carbons = True

    def disable(self, request: Request) -> None:
        """No more copies for the session that asks (§5)."""
        _session(request).carbons = False

    def refuse(self, request: Request) -> None:
        """Somebody else's carbons: "<not-allowed/> if … not hosted on this server" (§4.1, §5.1)."""
        raise _not_allowed()

    def copy_sent(self, session: Session, stanza: Stanza) -> None:
        """Copies of what one device sent, for the others (§8).

        "The sending server SHOULD NOT send a forwarded copy to the sending full JID". What a user
        sends to the own account comes back as received.
        """
        sessions = session.account.sessions
        if len(sessions) < 2 or not is_eligible(stanza):
            return
        if stanza.to is not None and stanza.to.bare == session.account.jid:
            return
        others = [each for each in sessions.values() if each.carbons and each is not session]
        _copy(SENT, session.account.jid, stanza, others)

    def copy_received(self, account: Account, stanza: Stanza) -> None:
        """Copies of what reached some devices, for the others (§7).

        "The receiving server MUST NOT send a forwarded copy to the client(s) the original
        <message/> stanza was addressed to, as these recipients receive the original".
        """
        sessions, targets = account.sessions, stanza.targets
        if stanza.type == "error" and not targets:
            return  # nobody waits for it: a client that refuses a copy, say (§10.3)
        if len(sessions) <= len(targets) or not is_eligible_inbound(stanza):
            return
        others = [
            each
            for each in sessions.values()
            if each.carbons and each not in targets and each.jid != stanza.from_
        ]
        _copy(RECEIVED, account.jid, stanza, others)

    def refuse_forgery(self, session: Session, stanza: Stanza) -> Verdict | StanzaError:
        """A client that makes copies itself would deceive whoever gets them (§11).

        A client's refusal of a copy ends here as well: "the server MUST NOT forward that error back
        to the original sender" (§10.3).
        """
        if stanza.type == "error":
            return Verdict.DROP
        return StanzaError(Condition.NOT_ALLOWED, "Only servers make carbon copies")

    def drop_forgery(self, account: Account, stanza: Stanza) -> Verdict:
        """A copy that comes from outside is none: ours go straight to the sessions (§11)."""
        return Verdict.DROP


def _session(request: Request) -> Session:
    if request.session is None:
        raise _not_allowed()
    return request.session


def _not_allowed() -> StanzaError:
    return StanzaError(Condition.NOT_ALLOWED, "Carbons are for the clients of this account")


def _copy(direction: bytes, owner: JID, stanza: Stanza, sessions: list[Session]) -> None:
    """Send one copy to each session; only the address differs between them.

    "The wrapping message SHOULD maintain the same 'type' attribute value; the 'from' attribute MUST
    be the Carbons-enabled user's bare JID … and the 'to' attribute MUST be the full JID" (§7).
    """
    if not sessions:
        return
    type_ = b"" if stanza.type is None else b" type='%s'" % escape(stanza.type)
    head = b"<message%s from='%s' to='" % (type_, owner.wire)
    tail = b"'><%s xmlns='urn:xmpp:carbons:2'>%s</%s></message>" % (
        direction, forwarding.wrap(stanza.wire(stanza.to, stanza.stamp)), direction,
    )  # fmt: skip
    for session in sessions:
        # In its turn, but not as the stored message: that is due to whom it was addressed to.
        session.deliver(head + session.jid.wire + tail, 0)
