"""What a client asks for with `<authenticate/>`, read and bounded (XEP-0388 §2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.stream.management import NS as NS_SM

if TYPE_CHECKING:
    from server.element import Element

NS: Final = "urn:xmpp:sasl:2"
NS_BIND: Final = "urn:xmpp:bind:0"
NS_FAST: Final = "urn:xmpp:fast:0"
NS_UPGRADE: Final = "urn:xmpp:sasl:upgrade:0"
NS_PIPELINING: Final = "urn:xmpp:iap:0"

#: Characters of an identifier of a client: "MUST be a UUID v4" (§2.3) has 36. COMPAT: some
#: clients send other texts, which serve as well.
LONGEST_ID: Final = 64
#: Characters of the name of a program or a device; the rest is cut off.
LONGEST_NAME: Final = 100
#: What the counter of a token may reach.
MOST: Final = (1 << 31) - 1
_TRUE: Final = ("true", "1")

_INITIAL: Final = f"{{{NS}}}initial-response"
_AGENT: Final = f"{{{NS}}}user-agent"
_SOFTWARE: Final = f"{{{NS}}}software"
_DEVICE: Final = f"{{{NS}}}device"
_BIND: Final = f"{{{NS_BIND}}}bind"
_RESUME: Final = f"{{{NS_SM}}}resume"
_FAST: Final = f"{{{NS_FAST}}}fast"
_WISH: Final = f"{{{NS_FAST}}}request-token"
_UPGRADE: Final = f"{{{NS_UPGRADE}}}upgrade"
_VERSION: Final = f"{{{NS_PIPELINING}}}config-version"


@dataclass(frozen=True, slots=True)
class UserAgent:
    """The program that logs in; `id` is stable for an installation, empty if it has none."""

    id: str = ""
    software: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Fast:
    """The client logs in with a token (XEP-0484 §3.4, §3.6); `count` is None if not given."""

    count: int | None = None
    invalidate: bool = False


@dataclass(frozen=True, slots=True)
class Authenticate:
    """The whole request. `resume` and `bind` are read by those who do it."""

    mechanism: str
    initial: str | None
    agent: UserAgent
    fast: Fast | None = None
    token_for: str = ""  # the mechanism a token is wanted for
    resume: Element | None = None
    bind: Element | None = None
    upgrades: tuple[str, ...] = ()
    version: str | None = None  # of our features as the client knows them (XEP-0509 §2.2)


def parse(element: Element) -> Authenticate | str:
    """The request, or a text that says what is wrong with it."""
    children = {child.tag: child for child in element}
    fast = _parse_fast(children.get(_FAST))
    agent = _parse_agent(children.get(_AGENT))
    if isinstance(fast, str):
        return fast
    if isinstance(agent, str):
        return agent
    initial, wish = children.get(_INITIAL), children.get(_WISH)
    version = children.get(_VERSION)
    return Authenticate(
        mechanism=element.get("mechanism") or "",
        initial=None if initial is None else text_of(initial),
        agent=agent,
        fast=fast,
        token_for="" if wish is None else wish.get("mechanism") or "",
        resume=children.get(_RESUME),
        bind=children.get(_BIND),
        upgrades=tuple(text_of(each) for each in element if each.tag == _UPGRADE),
        version=None if version is None else version.get("value") or "",
    )


def text_of(element: Element) -> str:
    """The text of an element that holds base64 or a name; white space around it says nothing."""
    return (element.text or "").strip()


def _parse_agent(element: Element | None) -> UserAgent | str:
    if element is None:
        return UserAgent()
    identifier = element.get("id") or ""
    if len(identifier) > LONGEST_ID:
        return "the id of a user-agent is a UUID"
    names = {child.tag: child.text or "" for child in element}
    software, device = names.get(_SOFTWARE, ""), names.get(_DEVICE, "")
    return UserAgent(identifier, _shorten(software), _shorten(device))


def _shorten(name: str) -> str:
    return " ".join(name[: 4 * LONGEST_NAME].split())[:LONGEST_NAME]


def _parse_fast(element: Element | None) -> Fast | str | None:
    if element is None:
        return None
    text = element.get("count")
    invalidate = element.get("invalidate") in _TRUE
    if text is None:
        return Fast(None, invalidate)
    # "a positive integer, which is incremented by the client on every authentication attempt"
    # (XEP-0484 §3.4); it is "reset to zero", so a first one of zero is understood as well.
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MOST:
        return "the count of a token is a positive integer"
    return Fast(int(text), invalidate)
