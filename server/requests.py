"""Answering requests: one handler each, its refusals, its bugs (RFC 6120 §8.2.3, §8.3)."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from server import outages
from server.element import to_bytes
from server.errors import Condition, StanzaError
from server.stanza import result
from server.storage.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.extension import Handler, Request
    from server.stanza import Stanza

_NOT_HANDLED: Final = "nothing here handles such a request"


def malformed(stanza: Stanza) -> StanzaError | None:
    """What is wrong with an iq (RFC 6120 §8.2.3)."""
    # "The 'id' attribute is REQUIRED for IQ stanzas."
    if not stanza.id:
        return StanzaError(Condition.BAD_REQUEST, "an iq needs an id")
    # "An IQ stanza of type get or set MUST contain exactly one child element"
    if stanza.type in ("get", "set"):
        if len(stanza.element) != 1:
            return StanzaError(Condition.BAD_REQUEST, "a request has exactly one payload")
        return None
    if stanza.type in ("result", "error"):
        return None
    return StanzaError(Condition.BAD_REQUEST, "the type of an iq is get, set, result or error")


def answer(request: Request, handler: Handler | None) -> Awaitable[None] | None:
    """Let the handler answer; what it awaits, the caller must await."""
    host, stanza = request.host, request.stanza
    if handler is None:
        host.refuse(stanza, StanzaError(Condition.SERVICE_UNAVAILABLE, _NOT_HANDLED))
        return None
    try:
        outcome = handler(request)
    except StanzaError as refusal:
        host.refuse(stanza, refusal)
    except Exception as bug:  # noqa: BLE001 - the border of dispatch
        _confess(request, bug)
    else:
        if inspect.isawaitable(outcome):
            return _answer_later(request, outcome)
        _reply(request, outcome)
    return None


async def _answer_later(request: Request, outcome: Awaitable[Any]) -> None:
    try:
        payload = await outcome
    except StanzaError as refusal:
        request.host.refuse(request.stanza, refusal)
    except StorageUnavailable as outage:
        request.host.refuse(request.stanza, outages.refusal(outage))
    except Exception as bug:  # noqa: BLE001 - the border of dispatch
        _confess(request, bug)
    else:
        _reply(request, payload)


def _reply(request: Request, payload: Any) -> None:
    if payload is None:
        payload = b""
    elif not isinstance(payload, bytes):
        payload = to_bytes(payload)
    request.send(result(request.stanza, payload))


def _confess(request: Request, bug: Exception) -> None:
    number = request.host.server.crashed(request.stanza, bug)
    request.host.refuse(
        request.stanza,
        StanzaError(Condition.INTERNAL_SERVER_ERROR, f"an error of this server, number {number}"),
    )
