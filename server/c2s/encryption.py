"""STARTTLS (RFC 6120 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.c2s.phase import Phase

if TYPE_CHECKING:
    from server.c2s.phase import Table
    from server.c2s.stream import ClientStream
    from server.element import Element

NS: Final = "urn:ietf:params:xml:ns:xmpp-tls"
_PROCEED: Final = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
_FAILURE: Final = b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def starttls(stream: ClientStream, element: Element) -> None:
    """Change to TLS; the stream starts anew inside it (§5.4.3)."""
    if stream.connection.is_secure:
        # "the receiving entity MUST return a <failure/> element … and MUST close the XML stream"
        # (§5.4.2.2)
        stream.write(_FAILURE)
        stream.close()
        return
    assert stream.host is not None
    stream.write(_PROCEED)
    # "the receiving entity MUST discard any knowledge obtained in an insecure manner" (§5.4.3.3)
    stream.attempt = None
    stream.connection.start_tls(stream.server.certificates.context_for(stream.host.domain))
    stream.reopen(Phase.OPENING)


TABLE: Table = {(Phase.UNAUTHENTICATED, f"{{{NS}}}starttls"): starttls}
