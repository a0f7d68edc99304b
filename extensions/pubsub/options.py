"""The options of a subscription (XEP-0060 §6.3, §16.4.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from extensions.payloads import forms, timestamps
from extensions.pubsub.errors import InvalidOptions
from server.errors import StanzaError

if TYPE_CHECKING:
    from server.element import Element

SUBSCRIBE_OPTIONS: Final = "http://jabber.org/protocol/pubsub#subscribe_options"
_DELIVER: Final = "pubsub#deliver"
_EXPIRE: Final = "pubsub#expire"


@dataclass(frozen=True, slots=True)
class Options:
    """Whether the subscriber wants to be notified, and until when (milliseconds; 0: for good)."""

    deliver: bool = True
    expire: int = 0

    def is_over(self, now_ms: int) -> bool:
        """Whether the lease has ended (§12.19)."""
        return bool(self.expire) and self.expire <= now_ms

    def dump(self) -> str:
        """What is stored: nothing of the usual options."""
        if self == DEFAULT:
            return ""
        return json.dumps({"deliver": self.deliver, "expire": self.expire})

    @classmethod
    def load(cls, text: str) -> Options:
        """The options behind what is stored."""
        if not text:
            return DEFAULT
        stored = json.loads(text)
        return cls(bool(stored.get("deliver", True)), int(stored.get("expire", 0)))


DEFAULT: Final = Options()


def parse(parent: Element, before: Options = DEFAULT) -> Options:
    """The options in a submitted form; what it does not mention stays."""
    try:
        form = forms.submission(parent, SUBSCRIBE_OPTIONS)
        if form is None:
            return before
        deliver, expire = form.flag(_DELIVER), form.value(_EXPIRE)
        return Options(
            before.deliver if deliver is None else deliver,
            before.expire if expire is None else _moment(expire),
        )
    except (StanzaError, ValueError, OverflowError):
        raise InvalidOptions from None


def _moment(text: str) -> int:
    moment = timestamps.parse(text) if text else 0
    timestamps.build(moment)  # an offset may lead out of the years that can be written
    return moment


def build(options: Options, kind: str = "form") -> Element:
    """The options as a form."""
    expire = (timestamps.build(options.expire),) if options.expire else ()
    return forms.build(
        forms.Form(
            kind,
            forms.typed(
                SUBSCRIBE_OPTIONS,
                forms.Field(
                    _DELIVER, ("1" if options.deliver else "0",), "boolean", "Enable delivery?"
                ),
                forms.Field(_EXPIRE, expire, "text-single", "Until when to deliver"),
            ),
        )
    )
