"""Whom a peer says it is, as an account of one domain (RFC 6120 §6.3.7, §6.3.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.jid import JID, JIDMalformed

if TYPE_CHECKING:
    from server.sasl.mechanism import Exchange


def account_of(authcid: str, domain: str) -> JID | None:
    """The account of a user name in SASL, or None if it cannot be one of this domain.

    COMPAT: some clients send their whole bare address where only its local part belongs.
    """
    try:
        jid = JID.parse(authcid if "@" in authcid else f"{authcid}@{domain}")
    except JIDMalformed:
        return None
    return jid if jid.is_bare and jid.local and jid.domain == domain else None


def granted_account(username: str, exchange: Exchange) -> JID | None:
    """The account that a token names, or None if it cannot be one of this domain.

    Where several domains are served, a name alone would open accounts on all of them.
    """
    if exchange.trust is not None and exchange.trust.needs_address and "@" not in username:
        return None
    return account_of(username, exchange.domain)


def may_act_as(account: JID, authzid: str) -> bool:
    """Whether the account may act as `authzid`: only as itself, with or without asking."""
    if not authzid:
        return True
    try:
        return JID.parse(authzid) == account
    except JIDMalformed:
        return False
