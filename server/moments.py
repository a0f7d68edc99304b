"""Moments of a session's and an account's life that extensions may be told of (`extension.On`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.account import Account
    from server.jid import JID
    from server.session import Session
    from server.stanza import Stanza


@dataclass(slots=True)
class SessionBound:
    """A resource was bound; no presence yet."""

    session: Session


@dataclass(slots=True)
class SessionAvailable:
    """A session sent its initial presence (RFC 6121 §4.2)."""

    session: Session


@dataclass(slots=True)
class InterestsLearned:
    """An available session turned out to want the news of these nodes as well (XEP-0163 §4.2)."""

    session: Session
    added: frozenset[str]


@dataclass(slots=True)
class PresenceShared:
    """A contact was let in: from now on he sees the account's presence (RFC 6121 §3.1.5)."""

    account: Account
    contact: JID


@dataclass(slots=True)
class SubscriptionAsked:
    """A contact asks for the account's presence; the request is kept (RFC 6121 §3.1.3)."""

    account: Account
    contact: JID


@dataclass(slots=True)
class SessionEnded:
    """A session is gone for good: ended by its stream, or its time for resumption ran out."""

    session: Session


@dataclass(slots=True)
class MessageReturned:
    """A message that the host itself has sent came back with an error (RFC 6120 §8.3)."""

    error: Stanza


@dataclass(slots=True)
class ClientRevoked:
    """A client of an account has no access any more, by the name it has here (XEP-0494 §3.2)."""

    account: Account
    client: str


@dataclass(slots=True)
class PasswordChanged:
    """An account has a new password; `by` is the session that has set it, and goes on."""

    jid: JID
    by: Session | None = None


@dataclass(slots=True)
class AccountDeleted:
    """An account and all that was stored for it are gone."""

    account: Account
