"""How a node is configured: its fields, their form, what is stored of them (XEP-0060 §16.4.4)."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from extensions.payloads import forms
from extensions.pubsub.errors import Malformed, UnsupportedAccessModel
from extensions.pubsub.terms import AccessModel, PublishModel
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.element import Element

NODE_CONFIG: Final = "http://jabber.org/protocol/pubsub#node_config"
PUBLISH_OPTIONS: Final = "http://jabber.org/protocol/pubsub#publish-options"
PREFIX: Final = "pubsub#"

#: "`max` for no specific limit other than a server imposed maximum"
MAX: Final = -1

NEVER, ON_SUB, ON_PRESENCE = "never", "on_sub", "on_sub_and_presence"
RETRACT_OLDEST, DISCARD_OLDEST, REJECT = "retract-oldest", "discard-oldest", "reject"

_LONGEST_TEXT: Final = 4096
_MOST_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """The configuration of one node; the defaults here are those that are not stored."""

    title: str = ""
    description: str = ""
    language: str = ""
    type: str = ""
    access_model: AccessModel = AccessModel.OPEN
    roster_groups_allowed: tuple[str, ...] = ()
    publish_model: PublishModel = PublishModel.PUBLISHERS
    max_items: int = 100
    item_expire: int = 0  # seconds; 0: never
    max_payload_size: int = 0  # bytes; 0: as large as a stanza
    persist_items: bool = True
    deliver_payloads: bool = True
    deliver_notifications: bool = True
    notify_config: bool = False
    notify_delete: bool = True
    notify_retract: bool = True
    notify_sub: bool = False
    notification_type: str = "headline"
    presence_based_delivery: bool = False
    publish_node_full: str = DISCARD_OLDEST
    send_last_published_item: str = ON_PRESENCE
    itemreply: str = "none"
    subscribe: bool = True
    purge_offline: bool = False
    node_type: str = "leaf"
    contact: tuple[str, ...] = ()

    def limit(self, most: int) -> int:
        """How many items the node may hold, where the server allows `most`."""
        return most if self.max_items == MAX else min(self.max_items, most)

    @property
    def oldest(self) -> int:
        """How old an item may become, in seconds; 0 without end."""
        return max(self.item_expire, 0)


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of the form."""

    kind: str
    label: str
    choices: tuple[str, ...] = ()

    def parse(self, name: str, values: tuple[str, ...]) -> Any:
        """The value of a field from the wire."""
        if self.kind in ("words", "jids"):
            # All nodes of a contact are read when somebody comes online.
            if len(values) > _MOST_WORDS or sum(map(len, values)) > _LONGEST_TEXT:
                raise Malformed(f"There are too many values for {PREFIX}{name}")
            return tuple(values)
        if len(values) > 1:
            raise Malformed(f"The field {PREFIX}{name} takes one value")
        text = values[0] if values else ""
        return _PARSERS[self.kind](self, name, text)

    def flag(self, name: str, text: str) -> bool:
        """A boolean (XEP-0004 §3.3)."""
        if text not in ("0", "1", "true", "false"):
            raise Malformed(f"The field {PREFIX}{name} takes true or false")
        if name == "purge_offline" and text in ("1", "true"):
            raise StanzaError(Condition.NOT_ACCEPTABLE, "Items stay when a publisher goes offline")
        return text in ("1", "true")

    def text(self, name: str, text: str) -> str:
        """Any text of a decent length."""
        if len(text) > _LONGEST_TEXT:
            raise Malformed(f"The text in {PREFIX}{name} is too long")
        return text

    def number(self, name: str, text: str) -> int:
        """A number, or `max`; an empty field is 0."""
        if text == "max" and self.kind == "amount":
            return MAX
        if text and not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise Malformed(f"The field {PREFIX}{name} takes a number")
        value = int(text or 0)
        if name == "max_items" and not value:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "A node holds at least one item")
        return value

    def choice(self, name: str, text: str) -> str:
        """One of a few words."""
        if text in self.choices:
            return text
        if name == "access_model":
            raise UnsupportedAccessModel
        raise StanzaError(Condition.NOT_ACCEPTABLE, f"No such choice for {PREFIX}{name}")


_PARSERS: Final[Mapping[str, Any]] = {
    "flag": Setting.flag,
    "text": Setting.text,
    "number": Setting.number,
    "amount": Setting.number,
    "choice": Setting.choice,
}
_FORM_TYPES: Final = {
    "flag": "boolean", "text": "text-single", "number": "text-single", "amount": "text-single",
    "choice": "list-single", "words": "text-multi", "jids": "jid-multi",
}  # fmt: skip

SETTINGS: Final[Mapping[str, Setting]] = {
    "title": Setting("text", "A friendly name for the node"),
    "description": Setting("text", "A description of the node"),
    "language": Setting("text", "The default language of the node"),
    "type": Setting("text", "The semantic type of the data in the node"),
    "access_model": Setting(
        "choice", "Who may subscribe and retrieve items", tuple(map(str, AccessModel))
    ),
    "roster_groups_allowed": Setting("words", "The roster groups that have access"),
    "publish_model": Setting("choice", "Who may publish", tuple(map(str, PublishModel))),
    "max_items": Setting("amount", "The most items to keep, or max"),
    "item_expire": Setting("amount", "Seconds after which items are removed, or max"),
    "max_payload_size": Setting("number", "The most bytes in one item"),
    "persist_items": Setting("flag", "Whether to keep items"),
    "deliver_payloads": Setting("flag", "Whether notifications contain the payload"),
    "deliver_notifications": Setting("flag", "Whether to send notifications"),
    "notify_config": Setting("flag", "Whether to tell when the configuration changes"),
    "notify_delete": Setting("flag", "Whether to tell when the node is deleted"),
    "notify_retract": Setting("flag", "Whether to tell when items are removed"),
    "notify_sub": Setting("flag", "Whether to tell owners about subscribers"),
    "notification_type": Setting(
        "choice", "The type of the messages that notify", ("headline", "normal")
    ),
    "presence_based_delivery": Setting("flag", "Whether to notify available users only"),
    "publish_node_full": Setting(
        "choice", "What to do when the node is full", (RETRACT_OLDEST, DISCARD_OLDEST, REJECT)
    ),
    "send_last_published_item": Setting(
        "choice", "When to send the last published item", (NEVER, ON_SUB, ON_PRESENCE)
    ),
    "itemreply": Setting("choice", "Whether items name their publisher", ("none", "publisher")),
    "subscribe": Setting("flag", "Whether to allow subscriptions"),
    "purge_offline": Setting("flag", "Whether to remove items when their publisher goes offline"),
    "node_type": Setting("choice", "The type of the node", ("leaf",)),
    "contact": Setting("jids", "Whom to contact with questions"),
}  # fmt: skip

_TYPES: Final[Mapping[str, type]] = {"access_model": AccessModel, "publish_model": PublishModel}
_DEFAULTS: Final = NodeConfig()


# -- forms --


def values_of(form: forms.Form) -> dict[str, Any]:
    """What a submitted form sets, by name; fields that nobody here knows are left out."""
    return {
        name: _typed(name, SETTINGS[name].parse(name, field.values))
        for name, field in _settings_in(form)
    }


def acceptable_in(form: forms.Form) -> dict[str, Any]:
    """The same without what cannot be."""
    found = {}
    for name, field in _settings_in(form):
        with suppress(StanzaError):
            found[name] = _typed(name, SETTINGS[name].parse(name, field.values))
    return found


def _settings_in(form: forms.Form) -> Iterator[tuple[str, forms.Field]]:
    for field in form.fields:
        name = field.var.removeprefix(PREFIX)
        if field.var.startswith(PREFIX) and name in SETTINGS:
            yield name, field


def values_from(options: Mapping[str, str]) -> dict[str, Any]:
    """What options given by this server's own rooms set, by name."""
    return {
        name: _typed(name, SETTINGS[name].parse(name, (text,))) for name, text in options.items()
    }


def unknown_in(form: forms.Form) -> list[str]:
    """The fields that nobody here knows."""
    known = {f"{PREFIX}{name}" for name in SETTINGS} | {forms.FORM_TYPE}
    return [field.var for field in form.fields if field.var not in known]


def changed(config: NodeConfig, values: Mapping[str, Any]) -> NodeConfig:
    """The configuration with these values."""
    return replace(config, **values) if values else config


def unmet(config: NodeConfig, values: Mapping[str, Any], most: int) -> list[str]:
    """The names of those preconditions that a node does not meet (§7.1.5)."""
    return [
        name
        for name, wanted in values.items()
        if not _is_met(name, getattr(config, name), wanted, most)
    ]


def _is_met(name: str, has: Any, wanted: Any, most: int) -> bool:
    if name == "max_items":
        # `max`, and the number it stands for, are the same.
        return (has if has != MAX else most) == (wanted if wanted != MAX else most)
    if name == "item_expire":
        return bool(max(has, 0) == max(wanted, 0))  # `max` and 0: never
    if isinstance(has, tuple):
        return set(has) == set(wanted)
    return bool(has == wanted)


def build_form(config: NodeConfig, kind: str = "form") -> Element:
    """The configuration as a form to fill in, or as a result."""
    fields_ = (_build_field(name, setting, config) for name, setting in SETTINGS.items())
    return forms.build(forms.Form(kind, forms.typed(NODE_CONFIG, *fields_)))


def _build_field(name: str, setting: Setting, config: NodeConfig) -> forms.Field:
    return forms.Field(
        var=f"{PREFIX}{name}",
        values=texts(getattr(config, name)),
        type=_FORM_TYPES[setting.kind],
        label=setting.label,
        options=tuple(forms.Option(choice) for choice in setting.choices),
    )


def texts(value: Any) -> tuple[str, ...]:
    """A value as it stands in a form."""
    if isinstance(value, tuple):
        return tuple(map(str, value))
    if isinstance(value, bool):
        return ("1" if value else "0",)
    if isinstance(value, int):
        return ("max" if value == MAX else str(value),)
    return (str(value),) if value else ()


# -- storage --


def dump(config: NodeConfig) -> str:
    """What is stored of a configuration: that in which it differs from the defaults."""
    values = asdict(config)
    different = {
        field.name: values[field.name]
        for field in fields(NodeConfig)
        if values[field.name] != getattr(_DEFAULTS, field.name)
    }
    return json.dumps(different, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=512)
def load(text: str) -> NodeConfig:
    """The configuration behind what is stored; what a newer version stored is passed over.

    Most nodes are configured like many others, and who comes online asks for many of them.
    """
    stored = json.loads(text)
    known = {name: _typed(name, value) for name, value in stored.items() if name in SETTINGS}
    return replace(_DEFAULTS, **known) if known else _DEFAULTS


def _typed(name: str, value: Any) -> Any:
    if name in _TYPES:
        return _TYPES[name](value)
    return tuple(value) if isinstance(value, list) else value
