"""What clients get in the profile of SASL2, as bytes (XEP-0388 §2.5, §2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.c2s.request import NS
from server.element import escape
from server.sasl.encoding import encode
from server.sasl.negotiate import NS as NS_SASL

if TYPE_CHECKING:
    from server.c2s.login import Login
    from server.jid import JID
    from server.sasl.mechanism import Challenge, Failure

_NS: Final = NS.encode()


def build_failure(failure: Failure, application: bytes = b"") -> bytes:
    """The `<failure/>` of this profile (§2.6.2)."""
    text = b"<text>%s</text>" % escape(failure.text) if failure.text else b""
    return b"<failure xmlns='%s'><%s xmlns='%s'/>%s%s</failure>" % (
        _NS, failure.condition.encode(), NS_SASL.encode(), application, text,
    )  # fmt: skip


def build_challenge(step: Challenge) -> bytes:
    """The mechanism asks for more (§2.5)."""
    return f"<challenge xmlns='{NS}'>{encode(step.data)}</challenge>".encode()


def build_success(login: Login, jid: JID, answers: bytes) -> bytes:
    """All is done; `answers` are those to what was asked for inline (§2.6.1)."""
    before, after = around(login, jid)
    return before + answers + after


def around(login: Login, jid: JID) -> tuple[bytes, bytes]:
    """A `<success/>` in two halves, between which the answers go (§2.6.1)."""
    return (
        b"<success xmlns='%s'>%s<authorization-identifier>%s</authorization-identifier>"
        % (_NS, _additional(login), jid.wire),
        b"</success>",
    )


def _additional(login: Login) -> bytes:
    """What the mechanism says with its success, told once."""
    data, login.additional = login.additional, None
    if data is None:
        return b""
    return f"<additional-data>{encode(data)}</additional-data>".encode()


def build_continue(login: Login) -> bytes:
    """Something is left to do: "a <continue/> element, which MUST contain a single task".

    (XEP-0480 §2.2)
    """
    return b"<continue xmlns='%s'>%s<tasks><task>%s</task></tasks></continue>" % (
        _NS, _additional(login), login.tasks[0].encode(),
    )  # fmt: skip
