"""Links for invitations (XEP-0401 §5.1, §5.4; RFC 5122 §2.2); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from server.jid import JID

#: What may stand in the local part beside letters, digits and `-._~` (RFC 5122 §2.2).
_LOCAL: Final = "!$()*+,;="


def roster(inviter: JID, token: str, *, registers: bool) -> str:
    """To be the inviter's contact.

    "If the server does not support or allow in-band registration for invited users, the server
    MUST omit the ibr=y query component" (§5.1).
    """
    ibr = ";ibr=y" if registers else ""
    return f"xmpp:{_address(inviter.local, inviter.domain)}?roster;preauth={token}{ibr}"


def register(username: str, domain: str, token: str) -> str:
    """To have an account; without a username it is for the invited to choose (§5.4)."""
    return f"xmpp:{_address(username, domain)}?register;preauth={token}"


def page(template: str, link: str, token: str) -> str:
    """The address of the landing page; "" if there is none."""
    return template.replace("{token}", token).replace("{uri}", link.removeprefix("xmpp:"))


def _address(local: str, domain: str) -> str:
    at = "@" if local else ""
    return f"{quote(local, _LOCAL)}{at}{quote(domain, '[]:')}"
