"""How far the user has read each chat, told to all of his devices by the way (XEP-0490).

A client that marks a message as displayed may put the same for its own user's devices into the same
message. It never leaves the server: it becomes an item of the node that all devices follow, and is
one, on disk, before the message is acknowledged. The message itself does not wait for that.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from extensions.pubsub.payloads import LONGEST, serialise
from server import log
from server.errors import Condition, StanzaError
from server.extension import (
    XEP,
    At,
    Extension,
    Feature,
    Outbound,
    Phase,
    Spec,
    Wire,
)
from server.messages.rules import disposition
from server.storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extensions.pubsub import PubSub
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza

_log = log.get(__name__)

NODE: Final = "urn:xmpp:mds:displayed:0"
DISPLAYED: Final = f"{{{NODE}}}displayed"
STANZA_ID: Final = "{urn:xmpp:sid:0}stanza-id"

#: "The client MUST include appropriate publish-options …, setting the access model to whitelist and
#: the max-items to max" (§4.2); so does a server that makes the node (§5.2).
OPTIONS: Final = {
    "persist_items": "true",
    "max_items": "max",
    "send_last_published_item": "never",
    "access_model": "whitelist",
}

#: Bytes of what is to be published; an identifier and an address need no more.
MOST_BYTES: Final = 8192

_NOT_STORED: Final = "how far you have read could not be stored; try again later"


class Displayed(Extension):
    """Publishes what clients have displayed (XEP-0490 §4.5)."""

    name = "displayed"
    requires = ("pubsub",)
    specs: ClassVar[tuple[Spec, ...]] = (XEP(490, "Message Displayed Synchronization", "1.0.1"),)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        # COMPAT: Conversations 2.19 asks for the first where the second is meant.
        yield Feature(NODE, At.OWN | At.ACCOUNT)
        yield Feature("urn:xmpp:mds:server-assist:0", At.OWN | At.ACCOUNT)
        yield Outbound(Phase.REWRITE, self.assist, payload=DISPLAYED)

    def assist(self, session: Session, stanza: Stanza) -> None:
        """Take the element out and publish it (§4.5.3).

        "The server MUST strip the <displayed/> element from the message and continue to process it
        normally", "before the message is stored in the archive … and before it is reflected back"
        (§5.2).
        """
        elements = list(stanza.element.iterchildren(DISPLAYED))
        stanza.drop(*elements)
        stanza.disposition = disposition(stanza)
        # "The <displayed/> element MUST contain exactly one … <stanza-id/>" (§4.1)
        newest = elements[-1]
        if stanza.type == "error" or [child.tag for child in newest] != [STANZA_ID]:
            return
        # "… the item id is taken from the 'to' attribute and the payload is the <displayed/>"
        payload = serialise(newest)
        if stanza.to is not None and len(stanza.to) <= LONGEST and len(payload) <= MOST_BYTES:
            self.host.hold(partial(self._publish, session.account.jid, stanza, payload))

    async def _publish(self, owner: JID, stanza: Stanza, payload: bytes) -> None:
        pubsub: PubSub = self.host.service("pubsub")
        try:
            await pubsub.publish(owner, NODE, str(stanza.to), payload, OPTIONS)
        except (StanzaError, StorageError) as error:
            _log.info("displayed.refused", account=owner, error=str(error))
            if isinstance(error, StorageError) or isinstance(error.__cause__, StorageError):
                # The message counts as handled nevertheless: its sender has to know.
                self.host.refuse(stanza, StanzaError(Condition.RESOURCE_CONSTRAINT, _NOT_STORED))
