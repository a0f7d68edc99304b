"""How publish-subscribe refuses: each error of XEP-0060 with its special condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from server.element import escape
from server.errors import Condition, ErrorType, StanzaError

if TYPE_CHECKING:
    from server.jid import JID

NS_ERRORS: Final = "http://jabber.org/protocol/pubsub#errors"


class Refusal(StanzaError):
    """A refusal with a condition of its own beside the general one."""

    general: ClassVar[Condition]
    special: ClassVar[str] = ""
    kind: ClassVar[ErrorType | None] = None
    says: ClassVar[str]

    def __init__(self, text: str = "") -> None:
        super().__init__(self.general, text or self.says, self.kind, self._application())

    def _application(self) -> bytes | None:
        if not self.special:
            return None
        return b"<%s xmlns='%s'/>" % (self.special.encode(), NS_ERRORS.encode())


class Unsupported(StanzaError):
    """Something optional that a node or the service does not do."""

    def __init__(self, feature: str, text: str = "This is not supported here") -> None:
        application = b"<unsupported xmlns='%s' feature='%s'/>"
        super().__init__(
            Condition.FEATURE_NOT_IMPLEMENTED, text,
            application=application % (NS_ERRORS.encode(), escape(feature)),
        )  # fmt: skip


# -- who may not --


class Forbidden(Refusal):
    """Not with this affiliation."""

    general, says = Condition.FORBIDDEN, "You may not do that here"


class PresenceRequired(Refusal):
    """§6.1.3.2, §6.5.9.6."""

    general, special = Condition.NOT_AUTHORIZED, "presence-subscription-required"
    says = "Only those who may see the owner's presence have access"


class NotInRosterGroup(Refusal):
    """§6.1.3.3, §6.5.9.7."""

    general, special = Condition.NOT_AUTHORIZED, "not-in-roster-group"
    says = "Only certain contacts of the owner have access"


class ClosedNode(Refusal):
    """§6.1.3.4, §6.5.9.8."""

    general, special = Condition.NOT_ALLOWED, "closed-node"
    says = "Only those on a list of the owner's have access"


class SubscribersOnly(Refusal):
    """§6.5.9.3."""

    general, special = Condition.NOT_AUTHORIZED, "not-subscribed"
    says = "Only subscribers may read this"


# -- what is not there --


class NodeNotFound(Refusal):
    """There is no such node."""

    general, says = Condition.ITEM_NOT_FOUND, "There is no such node"

    def build(self, by: JID | None = None) -> bytes:
        """Say it with the code of XEP-0086 too."""
        # COMPAT: without it Profanity (0.13 to 0.18) never publishes its first OMEMO device.
        return super().build(by).replace(b"<error ", b"<error code='404' ", 1)


class ItemNotFound(Refusal):
    """§7.2.3.2."""

    general, says = Condition.ITEM_NOT_FOUND, "There is no such item"


class NodeExists(Refusal):
    """§8.1.1."""

    general, says = Condition.CONFLICT, "There is such a node already"


# -- what a request lacks or has too much of --


class Malformed(Refusal):
    """Not a request of this protocol."""

    general, says = Condition.BAD_REQUEST, "This is no request that can be understood"


class NodeRequired(Refusal):
    """§7.2.3.3, §8.2.3.3."""

    general, special = Condition.BAD_REQUEST, "nodeid-required"
    says = "Say which node you mean"


class ItemRequired(Refusal):
    """§7.1.3.7, §7.2.3.4."""

    general, special = Condition.BAD_REQUEST, "item-required"
    says = "Say which item you mean"


class ItemForbidden(Refusal):
    """§7.1.3.7."""

    general, special = Condition.BAD_REQUEST, "item-forbidden"
    says = "This node takes no items, it only notifies"


class PayloadRequired(Refusal):
    """§7.1.3.7."""

    general, special = Condition.BAD_REQUEST, "payload-required"
    says = "An item of this node has a content"


class InvalidPayload(Refusal):
    """§7.1.3.6."""

    general, special = Condition.BAD_REQUEST, "invalid-payload"
    says = "An item contains exactly one element"


class PayloadTooBig(Refusal):
    """§7.1.3.5."""

    general, special = Condition.NOT_ACCEPTABLE, "payload-too-big"
    says = "This is more than an item of this node may hold"


class JIDRequired(Refusal):
    """§6.3.4.3."""

    general, special = Condition.BAD_REQUEST, "jid-required"
    says = "Say whose subscription you mean"


class InvalidJID(Refusal):
    """§6.1.3.1."""

    general, special = Condition.BAD_REQUEST, "invalid-jid"
    says = "You can only subscribe yourself"


class InvalidOptions(Refusal):
    """§6.3.6.2."""

    general, special = Condition.BAD_REQUEST, "invalid-options"
    says = "These are no options of a subscription"


class UnsupportedAccessModel(Refusal):
    """§8.1.2."""

    general, special = Condition.NOT_ACCEPTABLE, "unsupported-access-model"
    says = "There is no such access model"


# -- what the state of things forbids --


class PreconditionNotMet(Refusal):
    """§7.1.5."""

    general, special = Condition.CONFLICT, "precondition-not-met"
    says = "The node is not configured as you expect"


class NodeFull(Refusal):
    """§7.1.3.4."""

    general, special = Condition.CONFLICT, "node-full"
    says = "The node holds as many items as it may"


class PendingSubscription(Refusal):
    """§6.1.3.7."""

    general, special = Condition.NOT_AUTHORIZED, "pending-subscription"
    says = "Your subscription waits for an answer of the owner"


class NotSubscribed(Refusal):
    """§6.2.3.2, §6.3.4.2."""

    general, special, kind = Condition.UNEXPECTED_REQUEST, "not-subscribed", ErrorType.CANCEL
    says = "There is no such subscription"


class NoOptions(NotSubscribed):
    """§6.3.4.2, as printed there."""

    kind = ErrorType.MODIFY


class TooManySubscriptions(Refusal):
    """§6.1.3.9."""

    general, special = Condition.POLICY_VIOLATION, "too-many-subscriptions"
    kind, says = ErrorType.WAIT, "There are too many subscriptions already"


class NotChanged(Refusal):
    """§8.8.2.4, §8.9.2.4: the entries that could not be changed go along, as they are."""

    general, says = Condition.NOT_ACCEPTABLE, "Some of this cannot be changed as you wish"

    def __init__(self, entries: bytes) -> None:
        super().__init__()
        self._entries = entries

    def build(self, by: JID | None = None) -> bytes:
        """What is returned stands before the error."""
        return self._entries + super().build(by)


class TooManyNodes(Refusal):
    """A limit of ours."""

    general, says = Condition.RESOURCE_CONSTRAINT, "There are too many nodes already"


class QuotaReached(Refusal):
    """A limit of ours: of all conditions only RFC 6120 §8.3.3.18 speaks of such a one."""

    general = Condition.RESOURCE_CONSTRAINT
    says = "There is no room for so much; delete something first"


class NotStored(Refusal):
    """The disk is full, say."""

    general = Condition.RESOURCE_CONSTRAINT
    says = "This server cannot store anything now; try again later"
