"""The three stanzas as the house sees them: envelope parsed, content serialised at most once.

An element from a stream becomes a `Stanza`: its kind, type, id and addresses, and an index of its
payloads by tag. The wire form is made of two pieces that are computed on first use and then shared
by every copy: the envelope without addresses, and the content. A copy for another recipient costs
one join of bytes (RFC 6120 §8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from lxml import etree

from server.element import escape
from server.respelling import respell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.element import Element
    from server.errors import StanzaError
    from server.jid import JID
    from server.session import Session

NS: Final = "jabber:client"
BODY: Final = "{jabber:client}body"

#: Tag of a stanza element → its kind; anything else at the top of a stream is not a stanza.
KINDS: Final = {f"{{{NS}}}{kind}": kind for kind in ("message", "presence", "iq")}

_OPEN: Final = {kind: f"<{kind}".encode() for kind in ("message", "presence", "iq")}
_CLOSE: Final = {kind: f"</{kind}>".encode() for kind in ("message", "presence", "iq")}
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class Stanza:
    """One message, presence or iq (RFC 6120 §8.1).

    `element` must not be changed directly once the wire form was asked for; use `drop` and
    `append`, which forget it. On the way, the house notes here: `disposition`, what is to be kept
    of a message (`server/messages/rules.py`, -1 while undecided); `mid`, the identifier of a stored
    message (else 0); `stamp`, what is added to the content for the account at hand (its stanza-id);
    `targets`, the sessions that get the message itself.
    """

    __slots__ = (
        "_content",
        "_envelope",
        "disposition",
        "element",
        "from_",
        "id",
        "kind",
        "mid",
        "payloads",
        "stamp",
        "targets",
        "to",
        "type",
    )

    def __init__(self, kind: str, element: Element, to: JID | None, from_: JID) -> None:
        self.kind = kind
        self.element = element
        self.to = to
        self.from_ = from_
        self.type = element.get("type")
        self.id = element.get("id")
        self.payloads: dict[str, Element] = {child.tag: child for child in element}
        self.disposition = -1
        self.mid = 0
        self.stamp = b""
        self.targets: Sequence[Session] = ()
        self._envelope = b""
        self._content: bytes | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.type} {self.from_} → {self.to}>"

    # -- content --

    def drop(self, *children: Element) -> None:
        """Remove payloads that must not travel on (forged identifiers, say): all in one call."""
        for child in children:
            child.tail = None
            self.element.remove(child)
        self.payloads = {kid.tag: kid for kid in self.element}
        self._changed()

    def append(self, child: Element) -> None:
        """Add a payload at the end."""
        self.element.append(child)
        self.payloads.setdefault(child.tag, child)
        self._changed()

    def _changed(self) -> None:
        self._content = None
        self.disposition = -1

    @property
    def content(self) -> bytes:
        """Everything between the start and the end tag, serialised once."""
        content = self._content
        if content is None:
            self._serialise()
            content = self._content
            assert content is not None
        return content

    @property
    def envelope(self) -> bytes:
        """The start tag without addresses and without its closing bracket."""
        if self._content is None:
            self._serialise()
        return self._envelope

    def _serialise(self) -> None:
        element = self.element
        text = etree.tostring(element, encoding="utf-8", with_tail=False)
        end = text.index(b">")
        if text.startswith(b"<" + self.kind.encode() + b" xmlns=") and (
            text.find(b" xmlns:", 0, end) < 0
        ):
            self._envelope = _OPEN[self.kind] + self._attributes()
            if text[end - 1] == 47:  # "/": an empty element
                self._content = b""
            else:
                self._content = text[end + 1 : -len(_CLOSE[self.kind])]
        else:
            self._serialise_foreign()

    def _attributes(self) -> bytes:
        out = b""
        for name, value in cast("list[tuple[str, str]]", self.element.items()):
            if name in ("to", "from"):
                continue
            if name == _LANG:
                name = "xml:lang"
            elif name[0] == "{":
                continue  # foreign attributes have no meaning on a stanza (RFC 6120 §8.1)
            text = value.encode() if value.isalnum() else escape(value)
            out += b" %s='%s'" % (name.encode(), text)
        return out

    def _serialise_foreign(self) -> None:
        """A stanza written with prefixes or namespaces of its own."""
        declarations, self._content = respell(self.element)
        self._envelope = _OPEN[self.kind] + self._attributes() + declarations

    # -- wire forms --

    def wire(self, to: JID | None, added: bytes = b"") -> bytes:
        """Serialised for one recipient; `added` is more content, serialised already."""
        content = self._content
        if content is None:
            self._serialise()
            content = self._content
            assert content is not None
        if to is None:
            return b"%s from='%s'>%s%s%s" % (
                self._envelope, self.from_.wire, content, added, _CLOSE[self.kind],
            )  # fmt: skip
        return b"%s from='%s' to='%s'>%s%s%s" % (
            self._envelope, self.from_.wire, to.wire, content, added, _CLOSE[self.kind],
        )  # fmt: skip


def qualify(wire: bytes) -> bytes:
    """Give a serialised stanza its namespace, for places where that is not the default."""
    end = min(i for i in (wire.find(b" "), wire.find(b">"), wire.find(b"/")) if i > 0)
    return wire[:end] + b" xmlns='jabber:client'" + wire[end:]


def error_reply(stanza: Stanza, error: StanzaError, from_: JID | None = None) -> bytes:
    """The answer to a stanza that could not be served (RFC 6120 §8.3).

    "The entity that generates an error stanza MUST set the 'to' to the 'from' of the original";
    the original content is not included: it is the sender's own, and may be large.
    """
    sender = from_ if from_ is not None else stanza.to
    return b"<%s type='error'%s%s to='%s'>%s</%s>" % (
        stanza.kind.encode(),
        b" id='%s'" % escape(stanza.id) if stanza.id is not None else b"",
        b" from='%s'" % sender.wire if sender is not None else b"",
        stanza.from_.wire,
        error.build(),
        stanza.kind.encode(),
    )


def result(request: Stanza, payload: bytes = b"", from_: JID | None = None) -> bytes:
    """The answer to an iq (RFC 6120 §8.2.3): "an IQ stanza of type result … MUST echo the id"."""
    sender = from_ if from_ is not None else request.to
    return b"<iq type='result' id='%s'%s to='%s'>%s</iq>" % (
        escape(request.id or ""),
        b" from='%s'" % sender.wire if sender is not None else b"",
        request.from_.wire,
        payload,
    )
