"""Answers pings (XEP-0199)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from server.errors import Condition, StanzaError
from server.extension import IQ, XEP, At, Extension, Feature, Request, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

NS: Final = "urn:xmpp:ping"
EVERYWHERE: Final = At.HOST | At.OWN | At.ACCOUNT | At.NOBODY


class Ping(Extension):
    """The host and its accounts answer when they are pinged (XEP-0199 §4)."""

    name = "ping"
    specs: ClassVar[tuple[Spec, ...]] = (XEP(199, "XMPP Ping", "2.0.1"),)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS, At.HOST | At.OWN | At.ACCOUNT)
        yield IQ("get", f"{{{NS}}}ping", self.answer, EVERYWHERE)

    def answer(self, request: Request) -> None:
        """Reply with an empty result (§4.2).

        An account answers those who may see its presence: whether it exists is nobody else's
        business (RFC 6121 §8.5.1).
        """
        account, to = request.account, request.stanza.to
        if account is None:
            may_know = to is None or not to.local
        else:
            may_know = account.may_see_presence(request.from_)
        if not may_know:
            raise StanzaError(Condition.SERVICE_UNAVAILABLE)
