"""XEP-0060 §7.1.5, §8.2, §16.4.4: the configuration of a node."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.payloads import forms
from extensions.pubsub import configuration, errors
from extensions.pubsub.configuration import MAX, NODE_CONFIG, SETTINGS, NodeConfig
from extensions.pubsub.terms import AccessModel, PublishModel
from server.errors import StanzaError


def submitted(*fields: forms.Field) -> forms.Form:
    return forms.Form("submit", forms.typed(NODE_CONFIG, *fields))


def field(name: str, *values: str) -> forms.Field:
    return forms.Field(f"pubsub#{name}", values)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text("abcäß<&' ", max_size=20),
    "flag": st.booleans(),
    "number": st.integers(0, 10**8),
    "amount": st.integers(1, 10**8) | st.just(MAX),
    "words": st.lists(st.text("abcü ", min_size=1, max_size=9), max_size=4).map(tuple),
    "jids": st.lists(st.sampled_from(("a@b", "c")), max_size=2).map(tuple),
}


def strategy(name: str) -> st.SearchStrategy[Any]:
    setting = SETTINGS[name]
    if name == "purge_offline":
        return st.just(False)
    if setting.kind != "choice":
        return VALUES[setting.kind]
    kinds: dict[str, Any] = {"access_model": AccessModel, "publish_model": PublishModel}
    return st.sampled_from(setting.choices).map(kinds.get(name, str))


CONFIGS = st.fixed_dictionaries({}, optional={name: strategy(name) for name in SETTINGS}).map(
    lambda values: NodeConfig(**values)
)


def test_every_field_has_a_setting() -> None:
    assert list(SETTINGS)
    assert set(SETTINGS) == set(NodeConfig.__dataclass_fields__)


@given(CONFIGS)
def test_what_is_stored_is_what_was_configured(config: NodeConfig) -> None:
    assert configuration.load(configuration.dump(config)) == config


@given(CONFIGS)
def test_a_form_that_is_sent_back_changes_nothing(config: NodeConfig) -> None:
    form = forms.parse(configuration.build_form(config, "submit"))
    assert configuration.unknown_in(form) == []
    values = configuration.values_of(form)
    assert configuration.changed(config, values) == config
    assert configuration.changed(NodeConfig(), values) == config
    assert configuration.unmet(config, values, 1000) == []


def test_nothing_is_stored_of_the_defaults() -> None:
    assert configuration.dump(NodeConfig()) == "{}"
    assert configuration.load('{"title":"x","of_a_later_version":1}') == NodeConfig(title="x")


def test_what_is_not_in_the_form_stays() -> None:
    config = NodeConfig(title="x", max_items=3)
    values = configuration.values_of(submitted(field("max_items", "max"), field("digest", "1")))
    assert configuration.changed(config, values) == NodeConfig(title="x", max_items=MAX)


@pytest.mark.parametrize(
    ("name", "values", "refusal"),
    [
        ("access_model", ("closed",), errors.UnsupportedAccessModel),
        ("publish_model", ("all",), StanzaError),
        ("max_items", ("0",), StanzaError),
        ("max_items", ("-1",), errors.Malformed),
        ("max_items", ("ten",), errors.Malformed),
        ("max_items", ("9" * 10,), errors.Malformed),
        ("max_payload_size", ("max",), errors.Malformed),
        ("persist_items", ("yes",), errors.Malformed),
        ("persist_items", (), errors.Malformed),
        ("purge_offline", ("1",), StanzaError),
        ("node_type", ("collection",), StanzaError),
        ("title", ("a", "b"), errors.Malformed),
        ("title", ("a" * 5000,), errors.Malformed),
        ("roster_groups_allowed", ("g",) * 201, errors.Malformed),
    ],
)
def test_wrong_values(name: str, values: tuple[str, ...], refusal: type[StanzaError]) -> None:
    with pytest.raises(refusal):
        configuration.values_of(submitted(field(name, *values)))


def test_unknown_fields() -> None:
    form = submitted(field("title", "x"), field("nonsense", "1"), forms.Field("title", ("x",)))
    assert configuration.unknown_in(form) == ["pubsub#nonsense", "title"]


@pytest.mark.parametrize(
    ("has", "wanted", "is_met"),
    [
        (MAX, MAX, True),
        (MAX, 1000, True),
        (1000, MAX, True),
        (1, MAX, False),
        (MAX, 1, False),
        (5, 5, True),
    ],
)
def test_max_is_what_the_server_allows(has: int, wanted: int, is_met: bool) -> None:
    unmet = configuration.unmet(NodeConfig(max_items=has), {"max_items": wanted}, 1000)
    assert (unmet == []) is is_met


def test_limits() -> None:
    assert NodeConfig(max_items=MAX).limit(1000) == 1000
    assert NodeConfig(max_items=5000).limit(1000) == 1000
    assert NodeConfig(max_items=5).limit(1000) == 5
    assert NodeConfig(item_expire=MAX).oldest == 0
    assert NodeConfig(item_expire=60).oldest == 60


def test_options_of_our_own_rooms() -> None:
    values = configuration.values_from({"access_model": "whitelist", "max_items": "max"})
    assert values == {"access_model": AccessModel.WHITELIST, "max_items": MAX}
