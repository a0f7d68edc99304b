"""What is known of an account, in lines for a terminal; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def describe(found: Mapping[str, Any], invitations: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """An account as `user.show` tells it, with the invitations of its owner."""
    yield found["jid"]
    if found["disabled"]:
        yield _line("disabled", f"since {found['disabled']}")
    yield _line("created", found["created"])
    yield _line("last login", found["last_login"] or "never")
    last_seen = "now" if found["sessions"] else found["last_seen"] or "never"
    yield _line("online", last_seen)
    yield _line("contacts", str(found["contacts"]))
    yield _line("waiting", f"{found['pending']} messages")
    for each in found["sessions"]:
        words = (each["jid"], each["state"], each["address"])
        yield _line("session", "  ".join(filter(None, words)))
    for each in found["clients"]:
        name = ", ".join(filter(None, (each["software"], each["device"]))) or "unnamed"
        token = ", has a token" if each["tokens"] else ""
        yield _line("client", f"{name}, last seen {each['last_seen']}{token}")
    for each in invitations:
        what = "account" if each["registers"] else "contact"
        yield _line("invitation", f"{each['id']}  until {each['expires']}  {what}")


def _line(name: str, text: str) -> str:
    return f"  {name:<12}{text}"
