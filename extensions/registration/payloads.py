"""The words of in-band registration (XEP-0077 §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from server.element import escape
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from server.element import Element

NS: Final = "jabber:iq:register"

_FORM: Final = (
    b"<query xmlns='jabber:iq:register'><instructions>%s</instructions><username>%s</username>"
    b"<password/></query>"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The name and the password somebody wants to have."""

    username: str
    password: str

    @classmethod
    def parse(cls, query: Element) -> Self:
        """What the client filled in.

        "If the requesting entity does not provide all of the requested information … then the
        server or service MUST return a <not-acceptable/> error" (§3.1); and with an empty password
        it "MUST NOT change the password to a null value" (§3.3).
        """
        username = (query.findtext(f"{{{NS}}}username") or "").strip()
        password = query.findtext(f"{{{NS}}}password") or ""
        if not username or not password:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "Both a username and a password are needed")
        return cls(username, password)


def form(username: str = "") -> bytes:
    """What is needed for a new account (§3.1); the name may be settled already (XEP-0445 §2.1)."""
    wanted = b"Choose a password." if username else b"Choose a username and a password."
    return _FORM % (wanted, escape(username))


def registered(username: str) -> bytes:
    """What is on file; "although the <password/> element MAY be empty" (§3.1)."""
    return (
        b"<query xmlns='jabber:iq:register'><registered/><username>%s</username><password/></query>"
    ) % escape(username)


def is_removal(query: Element) -> bool:
    """Whether the account is to be deleted (§3.2).

    "<bad-request/>: The <remove/> element was not the only child element of the <query/> element."
    """
    if query.find(f"{{{NS}}}remove") is None:
        return False
    if len(query) != 1:
        raise StanzaError(Condition.BAD_REQUEST, "Nothing may stand beside <remove/>")
    return True
