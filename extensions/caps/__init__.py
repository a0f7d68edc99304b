"""What this server can, told before anybody asks; what clients can, learned and verified.

`host.service("caps").clients` knows the features of a session's client; the nodes whose news it
wants are in `Session.interests` (XEP-0115, XEP-0390).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from extensions.caps.clients import Clients
from extensions.caps.rules import CAPS, CAPS_2
from extensions.payloads import info
from server.element import escape
from server.extension import XEP, At, Extension, Feature, Outbound, Phase, Request, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.disco import Disco
    from server.host import Host
    from server.session import Session
    from server.stanza import Stanza

NS: Final = "http://jabber.org/protocol/caps"
NS_2: Final = "urn:xmpp:caps"

#: "MUST include at least one hash function which MUST be implemented" (XEP-0390 §4.2, XEP-0300).
ALGORITHMS: Final = ("sha-256", "sha3-256")


class Capabilities(Extension):
    """A hash of the host's disco#info in the stream features (XEP-0115 §6.3, XEP-0390 §5.2).

    Clients put such a hash into their presence; `Clients` finds out what is behind it.
    """

    name = "caps"
    specs: ClassVar[tuple[Spec, ...]] = (
        XEP(115, "Entity Capabilities", "1.6.0", note="of the server and of its clients"),
        XEP(390, "Entity Capabilities 2.0", "0.3.2", note="of the server and of its clients"),
    )
    requires = ("disco",)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.nodes: frozenset[str] = frozenset()
        self.clients = Clients(host)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension; nodes and stream features follow when all is wired."""
        yield Feature(NS)
        yield Feature(NS_2)
        for tag in (CAPS, CAPS_2):
            yield Outbound(Phase.RECORD, self.notice, kind="presence", payload=tag)

    async def start(self) -> None:
        """Hash what the host says of itself, now that every extension has had its say."""
        disco: Disco = self.host.service("disco")
        said = disco.describe(At.HOST)
        self._advertise(said)
        disco.info_sources.append(self.about)

    def notice(self, session: Session, stanza: Stanza) -> None:
        """A client of ours claims something; both generations in one presence are one claim."""
        self.clients.notice(session, stanza)

    def _advertise(self, said: info.Info) -> None:
        node, version = f"xmpp:{self.host.domain}", info.verification(said)
        hashes = {algorithm: info.capability_hash(said, algorithm) for algorithm in ALGORITHMS}
        self.nodes = frozenset(
            (f"{node}#{version}", *(info.capability_node(*each) for each in hashes.items()))
        )
        self.host.tables.stream_features.extend((_caps(node, version), _caps_2(hashes)))

    async def about(self, request: Request, node: str) -> info.Info | None:
        """The information behind a hash: that of the host itself (XEP-0115 §6.2)."""
        if request.account is not None or node not in self.nodes:
            return None
        disco: Disco = self.host.service("disco")
        return disco.describe(At.HOST)


def _caps(node: str, version: str) -> bytes:
    return b"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='%s' ver='%s'/>" % (
        escape(node), escape(version),
    )  # fmt: skip


def _caps_2(hashes: dict[str, str]) -> bytes:
    parts = (
        b"<hash xmlns='urn:xmpp:hashes:2' algo='%s'>%s</hash>" % (escape(name), escape(value))
        for name, value in hashes.items()
    )
    return b"<c xmlns='urn:xmpp:caps'>%s</c>" % b"".join(parts)
