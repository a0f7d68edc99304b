"""Push 2.0: notifications as messages, encrypted as Web Push is (`urn:xmpp:push2:0`).

There is no XEP yet. What is here follows the notes of XMPP Summit 25 beside Prosody's module
`mod_push2`, and what the clients made with Borogove's SDK send and read.
"""

from __future__ import annotations

import math
from base64 import b64decode, b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, Final, NamedTuple

from extensions.push import webpush
from extensions.push.wants import Chat, Match, Wants, WebPush
from server.element import escape
from server.errors import Condition, StanzaError
from server.jid import JID, JIDMalformed
from server.message_id import encode
from server.stanza import BODY, qualify

if TYPE_CHECKING:
    from server.element import Element
    from server.entropy import Entropy
    from server.stanza import Stanza

NS: Final = "urn:xmpp:push2:0"
ENABLE: Final = f"{{{NS}}}enable"
DISABLE: Final = f"{{{NS}}}disable"
NOTIFY_ONLY: Final = "urn:xmpp:push2:send:notify-only:0"
WEB_PUSH: Final = "urn:xmpp:push2:send:sce+rfc8291+rfc8292:0"
IMPORTANT: Final = "urn:xmpp:push2:match:important"
WITH_BODY: Final = "urn:xmpp:push2:match:archived-with-body"
#: What wants to hear of everything hears of what is important: nothing else rings here.
_PROFILES: Final = (
    IMPORTANT, WITH_BODY, "urn:xmpp:push2:match:archived", "urn:xmpp:push2:match:all",
)  # fmt: skip
FEATURES: Final = (NS, *_PROFILES, NOTIFY_ONLY, WEB_PUSH)

#: What fits through the push services of all makers, with what is around it.
LARGEST: Final = 2847
#: Sizes come in steps of so many bytes.
STEP: Final = 1024

_CLIENT_LIMIT: Final = 1500
_KEY_LIMIT: Final = 512
_CLAIMS: Final = 8
_CLAIM_LIMIT: Final = 512
_CHATS: Final = 500
_LONGEST_GRACE: Final = 3600.0


class Enable(NamedTuple):
    """A wish to be notified."""

    service: JID
    client: str
    wants: Wants


def parse_enable(element: Element) -> Enable:
    """Read `<enable/>`: where, as whom, of what, and how."""
    client = element.findtext(f"{{{NS}}}client", "")
    if not client:
        raise StanzaError(Condition.BAD_REQUEST, "Say who you are to the service, in client")
    if len(client.encode()) > _CLIENT_LIMIT:
        raise StanzaError(Condition.NOT_ACCEPTABLE, "What stands in client is too long")
    try:
        service = JID.parse(element.findtext(f"{{{NS}}}service", ""))
    except JIDMalformed as wrong:
        raise StanzaError(Condition.BAD_REQUEST, f"Say which service: {wrong}") from None
    matches = (_match(each) for each in element.iterchildren(f"{{{NS}}}match"))
    match = next((each for each in matches if each is not None), None)
    if match is None:
        text = f"Notifications are matched by {IMPORTANT} and sent by {WEB_PUSH} or {NOTIFY_ONLY}"
        raise StanzaError(Condition.FEATURE_NOT_IMPLEMENTED, text)
    return Enable(service, client, Wants(match=match))


def _match(element: Element) -> Match | None:
    """One rule, if it is one that is known here."""
    profile, send = element.get("profile", ""), element.find(f"{{{WEB_PUSH}}}send")
    if profile not in _PROFILES:
        return None
    if send is None and element.find(f"{{{NOTIFY_ONLY}}}send") is None:
        return None
    grace = _number(element.findtext(f"{{{NS}}}grace", "0"))
    filters = element.findall(f"{{{NS}}}filter")
    if len(filters) > _CHATS:
        raise StanzaError(Condition.NOT_ACCEPTABLE, f"Not more than {_CHATS} chats can be named")
    chats = tuple(each for each in map(_chat, filters) if each is not None)
    return Match(profile, grace, chats, None if send is None else _web_push(send))


def _number(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_GRACE:
        text = f"The grace lasts at most {_LONGEST_GRACE:.0f} seconds"
        raise StanzaError(Condition.NOT_ACCEPTABLE, text)
    return seconds


def _chat(filter_: Element) -> Chat | None:
    try:
        jid = str(JID.parse(filter_.get("jid", "")).bare)
    except JIDMalformed:
        return None
    mention, reply = (filter_.find(f"{{{NS}}}{name}") is not None for name in ("mention", "reply"))
    return Chat(jid, mention, reply)


def _web_push(send: Element) -> WebPush:
    public, secret = _bytes(send, "ua-public"), _bytes(send, "auth-secret")
    if not webpush.is_public(public) or len(secret) != webpush.SECRET_BYTES:
        text = "There is no public key of P-256 in ua-public, or no 16 bytes in auth-secret"
        raise StanzaError(Condition.BAD_REQUEST, text)
    algorithm = send.findtext(f"{{{WEB_PUSH}}}jwt-alg", "")
    if not algorithm:
        return WebPush(public, secret)
    if algorithm != "ES256":
        raise StanzaError(Condition.FEATURE_NOT_IMPLEMENTED, "Tokens are signed with ES256 only")
    key = _bytes(send, "jwt-key")
    if webpush.signing_key(key) is None:
        raise StanzaError(Condition.BAD_REQUEST, "There is no key pair of P-256 in jwt-key")
    return WebPush(public, secret, key, _claims(send))


def _claims(send: Element) -> tuple[tuple[str, str], ...]:
    claims = [(each.get("name", ""), each.text or "")
              for each in send.iterchildren(f"{{{WEB_PUSH}}}jwt-claim")]  # fmt: skip
    if len(claims) > _CLAIMS or any(len(a) + len(b) > _CLAIM_LIMIT for a, b in claims):
        raise StanzaError(Condition.NOT_ACCEPTABLE, "The claims are too many, or too long")
    return tuple(claims)


def _bytes(send: Element, name: str) -> bytes:
    """Base64 of either alphabet, padded or not; nothing if it is none."""
    text = "".join(send.findtext(f"{{{WEB_PUSH}}}{name}", "").split()).rstrip("=")
    if len(text) > _KEY_LIMIT:
        return b""
    try:
        text = text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4)
        return b64decode(text, validate=True)
    except ValueError:
        return b""


# -- what is sent --


def notification(client: str, *, is_call: bool, added: bytes = b"") -> bytes:
    """What a message to the service says; `added` is the encrypted content."""
    urgency = b"<priority>high</priority><voip/>" if is_call else b"<priority>normal</priority>"
    return b"<notification xmlns='%s'><client>%s</client>%s%s</notification>" % (
        NS.encode(), escape(client), urgency, added,
    )  # fmt: skip


def sealed(web: WebPush, plain: bytes, entropy: Entropy, contact: str, unix: float) -> bytes:
    """The content for the device alone, and what shows the push service that it may come."""
    data = webpush.encrypt(
        plain, web.public, web.secret, entropy.bytes(webpush.SALT_BYTES),
        entropy.bytes(webpush.PRIVATE_BYTES),
    )  # fmt: skip
    encrypted = b"<encrypted xmlns='urn:xmpp:sce:rfc8291:0'><payload>%s</payload></encrypted>"
    return encrypted % b64encode(data) + _token(web, contact, unix)


def _token(web: WebPush, contact: str, unix: float) -> bytes:
    key = webpush.signing_key(web.key) if web.key else None
    if key is None:
        return b""
    token = webpush.signed(key, dict(web.claims), contact, unix)
    return b"<jwt key='%s'>%s</jwt>" % (b64encode(webpush.raw_public(key)), token)


#: What is left of a message that is too long: its text, and what the client cannot do without.
_KEPT: Final = frozenset((
    "jabber:client", "jabber:x:oob", "urn:xmpp:jingle-message:0", "urn:xmpp:call-invites:0",
    "jabber:x:conference", "urn:xmpp:omemo:2", "eu.siacs.conversations.axolotl",
    "urn:xmpp:openpgp:0", "jabber:x:encrypted",
))  # fmt: skip
_CORE: Final = frozenset(("urn:xmpp:jingle-message:0", "jabber:x:conference"))
_EXCERPT: Final = 100


_HEAD: Final = b"<envelope xmlns='urn:xmpp:sce:1'><content><forwarded xmlns='urn:xmpp:forward:0'>"
_TAIL: Final = b"</forwarded></content>%s</envelope>"
_AROUND: Final = len(_HEAD) + len(_TAIL % b"")


def envelope(stanza: Stanza, owner: JID, mid: int, entropy: Entropy) -> bytes:
    """A message as it stands in the archive, or what of it fits; nothing if nothing does.

    "Servers SHOULD ensure that at least the MAM id … is still present after any minimization."
    Changes the stanza (XEP-0297 in XEP-0420).
    """
    name = encode(mid).encode()
    stamp = b"<stanza-id xmlns='urn:xmpp:sid:0' id='%s' by='%s'/>" % (name, owner.wire)
    message = qualify(stanza.wire(stanza.to, stamp))
    for shorten in (_drop_additions, _cut_text, _drop_nearly_all, _drop_all):
        if len(message) + _AROUND <= LARGEST:
            break
        shorten(stanza)
        message = qualify(stanza.wire(stanza.to, stamp))
    size = len(message) + _AROUND
    return _HEAD + message + _TAIL % _filling(size, entropy) if size <= LARGEST else b""


def _filling(size: int, entropy: Entropy) -> bytes:
    """Random padding (XEP-0420 §4.1), up to the next step."""
    missing = min(-(-size // STEP) * STEP, LARGEST) - size - len(b"<rpad></rpad>")
    if missing <= 0:
        return b""
    return b"<rpad>%s</rpad>" % urlsafe_b64encode(entropy.bytes(missing))[:missing]


def _drop_additions(stanza: Stanza) -> None:
    stanza.drop(*(each for each in stanza.element if _namespace(each) not in _KEPT))


def _cut_text(stanza: Stanza) -> None:
    body = stanza.payloads.get(BODY)
    if body is not None and len(body.text or "") > _EXCERPT:
        body.text = f"{(body.text or '')[: _EXCERPT - 1]}…"
    stanza.drop(*(each for each in stanza.element if each.tag == BODY and each is not body))


def _drop_nearly_all(stanza: Stanza) -> None:
    stanza.drop(*(each for each in stanza.element
                  if each.tag != BODY and _namespace(each) not in _CORE))  # fmt: skip


def _drop_all(stanza: Stanza) -> None:
    stanza.drop(*(each for each in stanza.element if each.tag != BODY))


def _namespace(element: Element) -> str:
    return str(element.tag)[1:].partition("}")[0]
