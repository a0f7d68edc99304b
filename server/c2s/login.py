"""What a stream remembers between `<authenticate/>` and a bound resource (XEP-0388)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.account import Account
    from server.c2s.request import Authenticate
    from server.storage.clients import ClientRow, TokenRow


class Proof(enum.Enum):
    """With what a client has shown who it is."""

    PASSWORD = enum.auto()
    GRANT = enum.auto()  # somebody we trust vouched for it, in a bearer token
    TOKEN = enum.auto()  # one of ours (XEP-0484)


@dataclass(slots=True)
class Login:
    """One attempt, and after it what it tells of the client."""

    request: Authenticate
    client: str = ""  # its name in the house, empty when it gave no identifier
    proof: Proof = Proof.PASSWORD
    account: Account | None = None
    known: ClientRow | None = None
    token: TokenRow | None = None  # the one it logged in with
    tasks: list[str] = field(default_factory=list)  # still to do before success
    salt: bytes = b""  # of the upgrade under way
    additional: bytes | None = None  # what the mechanism says with its success
