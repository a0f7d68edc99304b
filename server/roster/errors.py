"""What a change of the roster may be refused with (RFC 6121 §2.3.3)."""

from __future__ import annotations

from server.errors import Condition, StanzaError


class NotYourRoster(StanzaError):
    """Somebody else's roster."""

    def __init__(self) -> None:
        super().__init__(Condition.FORBIDDEN, "Only the owner may read or change a roster")


class BadItem(StanzaError):
    """A roster change that is not well put."""

    def __init__(self, text: str) -> None:
        super().__init__(Condition.BAD_REQUEST, text)


class UnacceptableItem(StanzaError):
    """A name or a group beyond what this server keeps."""

    def __init__(self, text: str) -> None:
        super().__init__(Condition.NOT_ACCEPTABLE, text)


class UnknownContact(StanzaError):
    """Removal of a contact that is not in the roster."""

    def __init__(self) -> None:
        super().__init__(Condition.ITEM_NOT_FOUND, "There is no such contact in the roster")


class OwnAddress(StanzaError):
    """The user's own address as a contact."""

    def __init__(self) -> None:
        super().__init__(Condition.NOT_ALLOWED, "Your own address cannot be a contact")


class RosterFull(StanzaError):
    """More contacts than this server keeps."""

    def __init__(self, limit: int) -> None:
        super().__init__(Condition.RESOURCE_CONSTRAINT, f"A roster holds at most {limit} contacts")
