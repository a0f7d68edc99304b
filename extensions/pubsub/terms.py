"""The words of the protocol: affiliations, models, states (XEP-0060 §4)."""

from __future__ import annotations

from enum import StrEnum


class Affiliation(StrEnum):
    """What somebody is to a node (§4.1)."""

    OWNER = "owner"
    PUBLISHER = "publisher"
    PUBLISH_ONLY = "publish-only"
    MEMBER = "member"
    NONE = "none"
    OUTCAST = "outcast"


class AccessModel(StrEnum):
    """Who may subscribe and read (§4.5)."""

    OPEN = "open"
    PRESENCE = "presence"
    ROSTER = "roster"
    AUTHORIZE = "authorize"
    WHITELIST = "whitelist"


class PublishModel(StrEnum):
    """Who may publish."""

    PUBLISHERS = "publishers"
    SUBSCRIBERS = "subscribers"
    OPEN = "open"


class State(StrEnum):
    """Of a subscription (§4.2); `unconfigured`: an owner made it, see subscribers.py."""

    NONE = "none"
    PENDING = "pending"
    UNCONFIGURED = "unconfigured"
    SUBSCRIBED = "subscribed"
