"""The words of in-band registration (XEP-0077 §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from extensions.payloads import forms
from server.element import escape
from server.errors import Condition, StanzaError

if TYPE_CHECKING:
    from server.element import Element

NS: Final = "jabber:iq:register"

_FORM: Final = (
    b"<query xmlns='jabber:iq:register'><instructions>%s</instructions><username>%s</username>"
    b"<password/></query>"
)

#: Where the code of an invitation is written, which is no field of FORM_TYPE's (XEP-0068 §3.4).
INVITATION: Final = "{urn:xmpp:pars:0}preauth"
_ASKED: Final = (
    b"Accounts here are by invitation. The code is the end of the link that you were given, after "
    b"preauth=; the whole link will do too."
)
#: "x:data form + iq:register instructions": "this combination SHOULD be used if the x:data form
#: includes required fields … that are not equivalent to defined iq:register fields" (§5).
_INVITED: Final = (
    b"<query xmlns='jabber:iq:register'><instructions>%s</instructions>"
    b"<x xmlns='jabber:x:data' type='form'><instructions>%s</instructions>"
    b"<field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>"
    b"<field type='text-single' var='%s' label='Invitation code'><required/></field>"
    b"<field type='text-single' var='username' label='Username'><required/></field>"
    b"<field type='text-private' var='password' label='Password'><required/></field></x></query>"
) % (_ASKED, _ASKED, INVITATION.encode())


@dataclass(frozen=True, slots=True)
class Wish:
    """The name and the password somebody wants to have, and by which invitation."""

    username: str
    password: str
    token: str = ""

    @classmethod
    def parse(cls, query: Element) -> Self:
        """What the client filled in.

        "If the requesting entity does not provide all of the requested information … then the
        server or service MUST return a <not-acceptable/> error" (§3.1); and with an empty password
        it "MUST NOT change the password to a null value" (§3.3).
        """
        filled, token = forms.submission(query, NS), ""
        if filled is None:
            username = query.findtext(f"{{{NS}}}username") or ""
            password = query.findtext(f"{{{NS}}}password") or ""
        else:
            username = filled.value("username") or ""
            password = filled.value("password") or ""
            token = filled.value(INVITATION) or ""
        if not username.strip() or not password:
            raise StanzaError(Condition.NOT_ACCEPTABLE, "Both a username and a password are needed")
        return cls(username.strip(), password, _token(token))


def _token(written: str) -> str:
    """The code in what somebody has typed or pasted, which may be a whole link (XEP-0401 §5.4)."""
    return written.strip().rpartition("preauth=")[2].partition(";")[0]


def form(username: str = "") -> bytes:
    """What is needed for a new account (§3.1); the name may be settled already (XEP-0445 §2.1)."""
    wanted = b"Choose a password." if username else b"Choose a username and a password."
    return _FORM % (wanted, escape(username))


def form_for_invited() -> bytes:
    """The same where an invitation is needed, for clients that cannot show one (XEP-0445)."""
    return _INVITED


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
