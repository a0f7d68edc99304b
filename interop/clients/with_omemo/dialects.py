"""The two protocols that call themselves OMEMO, as texts go into stanzas and come out of them."""

# mypy: ignore-errors
# (the libraries live in an environment of their own)

from typing import Any, Protocol
from xml.etree import ElementTree as ET

import oldmemo.etree
import twomemo.etree

ENVELOPE = "urn:xmpp:sce:1"
FALLBACK = "This message is OMEMO encrypted."
STORE = "urn:xmpp:hints"


class Dialect(Protocol):
    """How a text is sealed for the devices of somebody, and opened."""

    namespace: str

    async def seal(self, client: Any, to: str, text: str) -> Any: ...

    async def open(self, client: Any, message: Any) -> tuple[str | None, Any]: ...


class Axolotl:
    """What most clients speak today: only the body is encrypted (XEP-0384 before version 0.4)."""

    namespace = oldmemo.oldmemo.NAMESPACE

    async def seal(self, client: Any, to: str, text: str) -> Any:
        message = client.make_message(to, text, mtype="chat")
        sealed, errors = await client["xep_0384"].encrypt_message(message, client.jid(to))
        assert not errors, errors
        return sealed

    async def open(self, client: Any, message: Any) -> tuple[str | None, Any]:
        opened, device = await client["xep_0384"].decrypt_message(message)
        return opened["body"] or None, device


class Omemo2:
    """`urn:xmpp:omemo:2`: a whole envelope is encrypted (XEP-0384 §5.5, XEP-0420).

    The plugin manages keys and devices of this one too, but makes no envelopes yet.
    """

    namespace = twomemo.twomemo.NAMESPACE

    async def seal(self, client: Any, to: str, text: str) -> Any:
        manager = await client.manager()
        plaintext = _envelope(client.boundjid.bare, text)
        messages, errors = await manager.encrypt(
            frozenset({client.jid(to).bare}), {self.namespace: plaintext}, [self.namespace]
        )
        assert not errors, errors
        sealed = client.make_message(to, FALLBACK, mtype="chat")
        sealed.append(ET.Element(f"{{{STORE}}}store"))
        for message in messages:
            sealed.append(twomemo.etree.serialize_message(message))
        return sealed

    async def open(self, client: Any, message: Any) -> tuple[str | None, Any]:
        manager = await client.manager()
        element = message.xml.find(f"{{{self.namespace}}}encrypted")
        parsed = twomemo.etree.parse_message(element, message["from"].bare)
        plaintext, device, _ = await manager.decrypt(parsed)
        return plaintext and _content(plaintext, message["from"].bare), device


def _envelope(sender: str, text: str) -> bytes:
    """The text as XEP-0420 wraps it; `from` must be there (XEP-0384 §5.5)."""
    envelope = ET.Element(f"{{{ENVELOPE}}}envelope")
    content = ET.SubElement(envelope, f"{{{ENVELOPE}}}content")
    ET.SubElement(content, "{jabber:client}body").text = text
    ET.SubElement(envelope, f"{{{ENVELOPE}}}rpad").text = "." * (64 - len(text) % 64)
    ET.SubElement(envelope, f"{{{ENVELOPE}}}from", jid=sender)
    return ET.tostring(envelope, "utf-8")


def _content(plaintext: bytes, sender: str) -> str:
    """The text of an envelope that this sender has made."""
    envelope = ET.fromstring(plaintext)
    assert envelope.find(f"{{{ENVELOPE}}}from").get("jid") == sender
    return envelope.find(f"{{{ENVELOPE}}}content/{{jabber:client}}body").text
