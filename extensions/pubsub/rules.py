"""Who may do what with a node (XEP-0060 §4.1, §4.5, §6.5.1); pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.pubsub import errors
from extensions.pubsub.terms import AccessModel, Affiliation, PublishModel, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extensions.pubsub.configuration import NodeConfig
    from server.errors import StanzaError
    from server.jid import JID


#: Those whom the access model does not concern: they read and subscribe in any case.
INSIDERS: Final = frozenset((Affiliation.OWNER, Affiliation.PUBLISHER, Affiliation.MEMBER))
_WRITERS: Final = frozenset((Affiliation.OWNER, Affiliation.PUBLISHER, Affiliation.PUBLISH_ONLY))


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about somebody that counts at a node."""

    affiliation: Affiliation = Affiliation.NONE
    is_subscribed: bool = False
    sees_presence: bool = False
    groups: frozenset[str] = frozenset()

    @property
    def is_owner(self) -> bool:
        """Whether he may do everything."""
        return self.affiliation is Affiliation.OWNER


def refuse_reading(config: NodeConfig, who: Standing) -> StanzaError | None:
    """Why somebody may not retrieve items, or None (§6.5.1, §6.5.9)."""
    if config.access_model is AccessModel.AUTHORIZE and who.affiliation is Affiliation.NONE:
        return None if who.is_subscribed else errors.SubscribersOnly()
    return refuse_access(config, who)


def refuse_access(config: NodeConfig, who: Standing) -> StanzaError | None:
    """Why somebody may not subscribe or be notified, or None (§6.1.3).

    With the model `authorize` everybody may ask; what comes of it is for the owner to say.
    """
    if who.affiliation in INSIDERS:
        return None
    if who.affiliation is not Affiliation.NONE:  # outcast, publish-only
        return errors.Forbidden()
    model = config.access_model
    if model is AccessModel.OPEN or model is AccessModel.AUTHORIZE:
        return None
    if model is AccessModel.WHITELIST:
        return errors.ClosedNode()
    if not who.sees_presence:
        return errors.PresenceRequired()
    if model is AccessModel.ROSTER and who.groups.isdisjoint(config.roster_groups_allowed):
        return errors.NotInRosterGroup()
    return None


def is_public(config: NodeConfig) -> bool:
    """Whether everybody may know of a node (XEP-0163 §6.2: who may subscribe)."""
    return config.access_model in (AccessModel.OPEN, AccessModel.AUTHORIZE)


def is_private(config: NodeConfig, people: Iterable[Affiliation]) -> bool:
    """Whether nobody but the owner of an account may read; `people` are affiliated besides him."""
    return config.access_model is AccessModel.WHITELIST and INSIDERS.isdisjoint(people)


def first_state(config: NodeConfig, who: Standing) -> State:
    """What a subscription is at first (§6.1.4): insiders need no approval."""
    if config.access_model is AccessModel.AUTHORIZE and who.affiliation not in INSIDERS:
        return State.PENDING
    return State.SUBSCRIBED


def may_publish(config: NodeConfig, who: Standing) -> bool:
    """Whether somebody may publish (§4.1; pubsub#publish_model)."""
    if who.affiliation in _WRITERS:
        return True
    if who.affiliation is Affiliation.OUTCAST:
        return False
    if config.publish_model is PublishModel.OPEN:
        return True
    return config.publish_model is PublishModel.SUBSCRIBERS and who.is_subscribed


def may_replace(who: Standing, is_own: bool) -> bool:
    """Whether somebody may overwrite or retract an item (§4.1, the table's note).

    Owners and publishers all items; everybody else who may publish only what is his own.
    """
    return is_own or who.affiliation in (Affiliation.OWNER, Affiliation.PUBLISHER)


def may_purge(who: Standing) -> bool:
    """Whether somebody may remove all items: whoever may remove each of them (§4.1, the table)."""
    return who.affiliation in (Affiliation.OWNER, Affiliation.PUBLISHER)


#: "The state chart … is a MUST-IMPLEMENT set of rules" (§8.9.2.4): what cannot become what.
_NEVER: Final = {
    Affiliation.OWNER: frozenset(Affiliation) - {Affiliation.OWNER, Affiliation.NONE},
    Affiliation.PUBLISHER: frozenset((Affiliation.MEMBER,)),
}


def refused_changes(
    people: Mapping[JID, Affiliation], wanted: Mapping[JID, Affiliation], *, keeps: JID | None
) -> dict[JID, Affiliation]:
    """Whose affiliation cannot be changed as wanted, and what it is (§4.1, §8.9.2.4).

    `keeps` is an owner who stays one whatever anybody says: whose account it is.
    """
    refused = {
        jid: people.get(jid, Affiliation.NONE)
        for jid, each in wanted.items()
        if each in _NEVER.get(people.get(jid, Affiliation.NONE), ())
        or (jid == keeps and each is not Affiliation.OWNER)
    }
    left = {**people, **{jid: each for jid, each in wanted.items() if jid not in refused}}
    # "an action which MUST NOT be allowed if there is only one owner"
    if Affiliation.OWNER not in left.values():
        refused |= {
            jid: Affiliation.OWNER for jid in wanted if people.get(jid) is Affiliation.OWNER
        }
    return refused
