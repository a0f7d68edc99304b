"""What goes wrong on the wire: stanza, stream and SASL errors, and their bytes (RFC 6120)."""

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from server.element import Element, escape, to_bytes

if TYPE_CHECKING:
    from server.jid import JID

NS_STANZAS: Final = b"urn:ietf:params:xml:ns:xmpp-stanzas"
NS_STREAMS: Final = b"urn:ietf:params:xml:ns:xmpp-streams"
NS_SASL: Final = b"urn:ietf:params:xml:ns:xmpp-sasl"


class ErrorType(StrEnum):
    """What the receiver of a stanza error may do about it (RFC 6120 §8.3.2)."""

    AUTH = "auth"
    CANCEL = "cancel"
    CONTINUE = "continue"
    MODIFY = "modify"
    WAIT = "wait"


class Condition(StrEnum):
    """Stanza error conditions (RFC 6120 §8.3.3)."""

    BAD_REQUEST = "bad-request"
    CONFLICT = "conflict"
    FEATURE_NOT_IMPLEMENTED = "feature-not-implemented"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    INTERNAL_SERVER_ERROR = "internal-server-error"
    ITEM_NOT_FOUND = "item-not-found"
    JID_MALFORMED = "jid-malformed"
    NOT_ACCEPTABLE = "not-acceptable"
    NOT_ALLOWED = "not-allowed"
    NOT_AUTHORIZED = "not-authorized"
    POLICY_VIOLATION = "policy-violation"
    RECIPIENT_UNAVAILABLE = "recipient-unavailable"
    REDIRECT = "redirect"
    REGISTRATION_REQUIRED = "registration-required"
    REMOTE_SERVER_NOT_FOUND = "remote-server-not-found"
    REMOTE_SERVER_TIMEOUT = "remote-server-timeout"
    RESOURCE_CONSTRAINT = "resource-constraint"
    SERVICE_UNAVAILABLE = "service-unavailable"
    SUBSCRIPTION_REQUIRED = "subscription-required"
    UNDEFINED_CONDITION = "undefined-condition"
    UNEXPECTED_REQUEST = "unexpected-request"


#: The type that goes with each condition unless there is a reason (RFC 6120 §8.3.3.1–22).
DEFAULT_TYPES: Final = {
    Condition.BAD_REQUEST: ErrorType.MODIFY,
    Condition.CONFLICT: ErrorType.CANCEL,
    Condition.FEATURE_NOT_IMPLEMENTED: ErrorType.CANCEL,
    Condition.FORBIDDEN: ErrorType.AUTH,
    Condition.GONE: ErrorType.CANCEL,
    Condition.INTERNAL_SERVER_ERROR: ErrorType.CANCEL,
    Condition.ITEM_NOT_FOUND: ErrorType.CANCEL,
    Condition.JID_MALFORMED: ErrorType.MODIFY,
    Condition.NOT_ACCEPTABLE: ErrorType.MODIFY,
    Condition.NOT_ALLOWED: ErrorType.CANCEL,
    Condition.NOT_AUTHORIZED: ErrorType.AUTH,
    Condition.POLICY_VIOLATION: ErrorType.MODIFY,
    Condition.RECIPIENT_UNAVAILABLE: ErrorType.WAIT,
    Condition.REDIRECT: ErrorType.MODIFY,
    Condition.REGISTRATION_REQUIRED: ErrorType.AUTH,
    Condition.REMOTE_SERVER_NOT_FOUND: ErrorType.CANCEL,
    Condition.REMOTE_SERVER_TIMEOUT: ErrorType.WAIT,
    Condition.RESOURCE_CONSTRAINT: ErrorType.WAIT,
    Condition.SERVICE_UNAVAILABLE: ErrorType.CANCEL,
    Condition.SUBSCRIPTION_REQUIRED: ErrorType.AUTH,
    Condition.UNDEFINED_CONDITION: ErrorType.CANCEL,
    Condition.UNEXPECTED_REQUEST: ErrorType.WAIT,
}


class StreamCondition(StrEnum):
    """Stream error conditions (RFC 6120 §4.9.3)."""

    BAD_FORMAT = "bad-format"
    BAD_NAMESPACE_PREFIX = "bad-namespace-prefix"
    CONFLICT = "conflict"
    CONNECTION_TIMEOUT = "connection-timeout"
    HOST_GONE = "host-gone"
    HOST_UNKNOWN = "host-unknown"
    IMPROPER_ADDRESSING = "improper-addressing"
    INTERNAL_SERVER_ERROR = "internal-server-error"
    INVALID_FROM = "invalid-from"
    INVALID_NAMESPACE = "invalid-namespace"
    INVALID_XML = "invalid-xml"
    NOT_AUTHORIZED = "not-authorized"
    NOT_WELL_FORMED = "not-well-formed"
    POLICY_VIOLATION = "policy-violation"
    REMOTE_CONNECTION_FAILED = "remote-connection-failed"
    RESET = "reset"
    RESOURCE_CONSTRAINT = "resource-constraint"
    RESTRICTED_XML = "restricted-xml"
    SEE_OTHER_HOST = "see-other-host"
    SYSTEM_SHUTDOWN = "system-shutdown"
    UNDEFINED_CONDITION = "undefined-condition"
    UNSUPPORTED_ENCODING = "unsupported-encoding"
    UNSUPPORTED_FEATURE = "unsupported-feature"
    UNSUPPORTED_STANZA_TYPE = "unsupported-stanza-type"
    UNSUPPORTED_VERSION = "unsupported-version"


class SASLCondition(StrEnum):
    """SASL failures (RFC 6120 §6.5)."""

    ABORTED = "aborted"
    ACCOUNT_DISABLED = "account-disabled"
    CREDENTIALS_EXPIRED = "credentials-expired"
    ENCRYPTION_REQUIRED = "encryption-required"
    INCORRECT_ENCODING = "incorrect-encoding"
    INVALID_AUTHZID = "invalid-authzid"
    INVALID_MECHANISM = "invalid-mechanism"
    MALFORMED_REQUEST = "malformed-request"
    MECHANISM_TOO_WEAK = "mechanism-too-weak"
    NOT_AUTHORIZED = "not-authorized"
    TEMPORARY_AUTH_FAILURE = "temporary-auth-failure"


class StanzaError(Exception):
    """A stanza is refused; becomes the `<error/>` of a reply (RFC 6120 §8.3)."""

    def __init__(
        self,
        condition: Condition,
        text: str = "",
        type: ErrorType | None = None,  # noqa: A002 - the name it has on the wire
        application: "Element | bytes | None" = None,
        detail: str = "",
    ) -> None:
        """`detail` is the content of the condition: the new address of gone and redirect."""
        super().__init__(condition, text)
        self.condition = condition
        self.text = text
        self.type = type or DEFAULT_TYPES[condition]
        self.application = application
        self.detail = detail

    def build(self, by: "JID | None" = None) -> bytes:
        """Give `<error/>`; `by` names the entity that refuses (§8.3.2)."""
        return b"<error type='%s'%s>%s</error>" % (
            self.type.encode(),
            b" by='%s'" % by.wire if by is not None else b"",
            _content(self.condition, self.detail, self.text, self.application, NS_STANZAS),
        )


class StreamError(Exception):
    """The stream is to be closed for a reason (RFC 6120 §4.9)."""

    def __init__(
        self,
        condition: StreamCondition,
        text: str = "",
        application: "Element | bytes | None" = None,
        detail: str = "",
    ) -> None:
        """`detail` is the content of the condition: the address of see-other-host."""
        super().__init__(condition, text)
        self.condition = condition
        self.text = text
        self.application = application
        self.detail = detail

    def build(self) -> bytes:
        """Give `<stream:error/>`, for a stream that has declared that prefix."""
        return b"<stream:error>%s</stream:error>" % _content(
            self.condition, self.detail, self.text, self.application, NS_STREAMS
        )


class SASLFailure(Exception):
    """An authentication has failed (RFC 6120 §6.5)."""

    def __init__(self, condition: SASLCondition, text: str = "") -> None:
        super().__init__(condition, text)
        self.condition = condition
        self.text = text

    def build(self) -> bytes:
        """Give `<failure/>` in the namespace of RFC 6120."""
        text = b"<text xml:lang='en'>%s</text>" % escape(self.text) if self.text else b""
        return b"<failure xmlns='%s'><%s/>%s</failure>" % (NS_SASL, self.condition.encode(), text)


def _content(
    condition: str, detail: str, text: str, application: "Element | bytes | None", namespace: bytes
) -> bytes:
    name = condition.encode()
    if detail:
        parts = b"<%s xmlns='%s'>%s</%s>" % (name, namespace, escape(detail), name)
    else:
        parts = b"<%s xmlns='%s'/>" % (name, namespace)
    if text:
        parts += b"<text xmlns='%s' xml:lang='en'>%s</text>" % (namespace, escape(text))
    if application is None:
        return parts
    return parts + (application if isinstance(application, bytes) else to_bytes(application))
