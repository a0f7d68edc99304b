"""Tells how long somebody has been away, and how long this server has run (XEP-0012)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from server.element import escape
from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Extension, Feature, Inbound, Phase, Request, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.account import Account
    from server.stanza import Stanza

NS: Final = "jabber:iq:last"
QUERY: Final = f"{{{NS}}}query"


class LastActivity(Extension):
    """Answers for the host and for accounts, and guards their clients (XEP-0012 §3 to §5)."""

    name = "last_activity"
    specs: ClassVar[tuple[Spec, ...]] = (XEP(12, "Last Activity", "2.0"),)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS, At.HOST | At.OWN | At.ACCOUNT)
        yield IQ("get", QUERY, self.answer_host, At.HOST)
        yield IQ("get", QUERY, self.answer_account, At.OWN | At.ACCOUNT | At.NOBODY)
        yield Inbound(Phase.GUARD, self.guard, kind="iq", payload=QUERY)

    async def start(self) -> None:
        """Remember since when this host has been running."""
        self._started = self.host.server.clock.now()

    def answer_host(self, request: Request) -> bytes:
        """For how long this host has been running (§5)."""
        return _build(self.host.server.clock.now() - self._started)

    def answer_account(self, request: Request) -> bytes:
        """Since when the account has been offline, and its last words (§3).

        "If the user has at least one connected or available resource … the response MUST … contain
        an empty <query/> element whose 'seconds' attribute is set to a value of '0'".
        """
        account = request.account
        if account is None or not account.may_see_presence(request.from_):
            raise _forbidden()
        if account.sessions:
            return _build(0)
        if not account.last_active:
            # Such an account was never online: there is no activity to tell of.
            raise StanzaError(Condition.ITEM_NOT_FOUND, "There was no activity yet")
        away = self.host.server.clock.utcnow() - account.last_active / 1000
        return _build(away, account.last_status)

    def guard(self, account: Account, stanza: Stanza) -> StanzaError | None:
        """Keep requests of strangers from an account's clients (§4).

        "If the requesting entity is not authorized to view the user's presence information … the
        user's server MUST NOT deliver the IQ-get to an available resource but instead MUST return
        a <forbidden/> error".
        """
        if stanza.type != "get" or account.may_see_presence(stanza.from_):
            return None
        if stanza.to is None or stanza.to.resource not in account.reach.matches:
            return None  # nobody there: answered like an account that does not exist
        return _forbidden()


def _forbidden() -> StanzaError:
    return StanzaError(Condition.FORBIDDEN, "Only those who see the presence of a user may ask")


def _build(seconds: float, status: str = "") -> bytes:
    return b"<query xmlns='jabber:iq:last' seconds='%d'>%s</query>" % (
        max(0, int(seconds)), escape(status),
    )  # fmt: skip
