"""XEP-0060 §4.1, §4.5, §6.5.1: who may do what, as tables."""

from dataclasses import replace

import pytest

from extensions.pubsub import errors, rules
from extensions.pubsub.configuration import NodeConfig
from extensions.pubsub.rules import Standing
from extensions.pubsub.terms import AccessModel, Affiliation, PublishModel, State
from server.errors import StanzaError

OPEN, PRESENCE, ROSTER, AUTHORIZE, WHITELIST = AccessModel
OWNER, PUBLISHER, PUBLISH_ONLY, MEMBER, NONE, OUTCAST = Affiliation
FRIENDS = frozenset(("Friends",))

STRANGER = Standing()
CONTACT = Standing(sees_presence=True)
FRIEND = Standing(sees_presence=True, groups=FRIENDS)
FORMER_FRIEND = Standing(groups=FRIENDS)
SUBSCRIBER = Standing(is_subscribed=True)

ACCESS = [
    # model, who, subscribing, reading
    (OPEN, STRANGER, None, None),
    (OPEN, Standing(OUTCAST), errors.Forbidden, errors.Forbidden),
    (OPEN, Standing(PUBLISH_ONLY), errors.Forbidden, errors.Forbidden),
    (OPEN, Standing(OUTCAST, sees_presence=True), errors.Forbidden, errors.Forbidden),
    (PRESENCE, STRANGER, errors.PresenceRequired, errors.PresenceRequired),
    (PRESENCE, SUBSCRIBER, errors.PresenceRequired, errors.PresenceRequired),
    (PRESENCE, CONTACT, None, None),
    (PRESENCE, Standing(MEMBER), None, None),
    (PRESENCE, Standing(OUTCAST, sees_presence=True), errors.Forbidden, errors.Forbidden),
    (ROSTER, STRANGER, errors.PresenceRequired, errors.PresenceRequired),
    (ROSTER, FORMER_FRIEND, errors.PresenceRequired, errors.PresenceRequired),
    (ROSTER, CONTACT, errors.NotInRosterGroup, errors.NotInRosterGroup),
    (ROSTER, FRIEND, None, None),
    (ROSTER, Standing(PUBLISHER), None, None),
    (AUTHORIZE, STRANGER, None, errors.SubscribersOnly),
    (AUTHORIZE, CONTACT, None, errors.SubscribersOnly),
    (AUTHORIZE, SUBSCRIBER, None, None),
    (AUTHORIZE, Standing(MEMBER), None, None),
    (AUTHORIZE, Standing(OUTCAST, is_subscribed=True), errors.Forbidden, errors.Forbidden),
    (WHITELIST, STRANGER, errors.ClosedNode, errors.ClosedNode),
    (WHITELIST, FRIEND, errors.ClosedNode, errors.ClosedNode),
    (WHITELIST, SUBSCRIBER, errors.ClosedNode, errors.ClosedNode),
    (WHITELIST, Standing(MEMBER), None, None),
    (WHITELIST, Standing(OWNER), None, None),
]


def kind(refusal: StanzaError | None) -> type | None:
    return None if refusal is None else type(refusal)


@pytest.mark.parametrize(("model", "who", "subscribing", "reading"), ACCESS)
def test_access(
    model: AccessModel, who: Standing, subscribing: type | None, reading: type | None
) -> None:
    config = NodeConfig(access_model=model, roster_groups_allowed=("Friends", "Family"))
    assert kind(rules.refuse_access(config, who)) is subscribing
    assert kind(rules.refuse_reading(config, who)) is reading


@pytest.mark.parametrize("model", AccessModel)
@pytest.mark.parametrize("affiliation", [OWNER, PUBLISHER, MEMBER])
def test_insiders_always_have_access(model: AccessModel, affiliation: Affiliation) -> None:
    config = NodeConfig(access_model=model)
    assert rules.refuse_access(config, Standing(affiliation)) is None
    assert rules.refuse_reading(config, Standing(affiliation)) is None


PUBLISHING = [
    # model, who, may
    *((model, OWNER, False, True) for model in PublishModel),
    *((model, PUBLISHER, False, True) for model in PublishModel),
    *((model, PUBLISH_ONLY, False, True) for model in PublishModel),
    *((model, OUTCAST, True, False) for model in PublishModel),
    (PublishModel.PUBLISHERS, NONE, True, False),
    (PublishModel.PUBLISHERS, MEMBER, True, False),
    (PublishModel.SUBSCRIBERS, NONE, False, False),
    (PublishModel.SUBSCRIBERS, NONE, True, True),
    (PublishModel.OPEN, NONE, False, True),
    (PublishModel.OPEN, MEMBER, False, True),
]


@pytest.mark.parametrize(("model", "affiliation", "subscribed", "may"), PUBLISHING)
def test_publishing(
    model: PublishModel, affiliation: Affiliation, subscribed: bool, may: bool
) -> None:
    who = Standing(affiliation, subscribed)
    assert rules.may_publish(NodeConfig(publish_model=model), who) is may


@pytest.mark.parametrize("affiliation", Affiliation)
def test_replacing(affiliation: Affiliation) -> None:
    who = Standing(affiliation)
    assert rules.may_replace(who, is_own=True)
    assert rules.may_replace(who, is_own=False) is (affiliation in (OWNER, PUBLISHER))


def test_only_strangers_wait_for_approval() -> None:
    config = NodeConfig(access_model=AUTHORIZE)
    assert rules.first_state(config, STRANGER) is State.PENDING
    assert rules.first_state(config, Standing(MEMBER)) is State.SUBSCRIBED
    assert rules.first_state(replace(config, access_model=OPEN), STRANGER) is State.SUBSCRIBED
