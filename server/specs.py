"""What the core itself implements, for the support table (`python -m extensions.support`)."""

from __future__ import annotations

from typing import Final

from server.extension import XEP, Spec

CORE: Final[tuple[Spec, ...]] = (
    Spec("RFC 6120", "XMPP: Core", status="partial", note="client streams"),
    Spec("RFC 6121", "XMPP: Instant Messaging and Presence"),
    Spec("RFC 7622", "XMPP: Address Format"),
    Spec("RFC 7590", "Use of TLS in XMPP", note="client streams"),
    Spec("RFC 5802", "SCRAM SASL and GSS-API Mechanisms", note="SCRAM-SHA-1 and -PLUS"),
    Spec("RFC 7677", "SCRAM-SHA-256 and SCRAM-SHA-256-PLUS", note="and SHA-512"),
    Spec("RFC 4616", "The PLAIN SASL Mechanism"),
    Spec("RFC 7628", "SASL Mechanisms for OAuth", note="OAUTHBEARER, with JSON web tokens"),
    Spec("RFC 5929", "Channel Bindings for TLS", note="tls-server-end-point"),
    Spec("RFC 9266", "Channel Bindings for TLS 1.3"),
    XEP(85, "Chat State Notifications", "2.1", note="not kept, not told to inactive clients"),
    XEP(170, "Recommended Order of Stream Feature Negotiation", "1.0"),
    XEP(198, "Stream Management", "1.6.3"),
    XEP(203, "Delayed Delivery", "2.0"),
    XEP(205, "Best Practices to Discourage Denial of Service Attacks", "1.0.2"),
    XEP(353, "Jingle Message Initiation", "0.8.0", note="kept, copied, and pushed at once"),
    XEP(368, "SRV records for XMPP over TLS", "1.1.0", note="direct TLS for clients"),
    XEP(386, "Bind 2", "1.1.0", note="pending messages are kept, see server/c2s/bind2.py"),
    XEP(388, "Extensible SASL Profile", "1.0.4"),
    XEP(428, "Fallback Indication", "0.2.1", note="passed on as it is"),
    XEP(440, "SASL Channel-Binding Type Capability", "1.0.0"),
    XEP(444, "Message Reactions", "0.2.1", note="kept, copied, waiting; made by clients"),
    XEP(461, "Message Replies", "0.2.1", note="passed on as they are"),
    XEP(466, "Ephemeral Messages", "0.1.0", "partial", "kept and passed on; timers run in clients"),
    XEP(474, "SASL SCRAM Downgrade Protection", "0.5.0"),
    XEP(478, "Stream Limits Advertisement", "0.2.0"),
    XEP(480, "SASL Upgrade Tasks", "0.2.0"),
    XEP(482, "Call Invites", "0.1.0", note="kept, copied, and pushed at once"),
    XEP(484, "Fast Authentication Streamlining Tokens", "0.2.0", note="no TLS early data"),
    XEP(509, "Initial Authentication Pipelining", "0.2.0"),
    XEP(515, "TLS Channel-Binding Downgrade Protection", "0.1.0"),
)
