"""Storing the keys of better mechanisms while the client knows the password (XEP-0480)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.c2s.login import Proof
from server.c2s.request import NS, NS_UPGRADE, text_of
from server.errors import SASLCondition
from server.sasl.encoding import decode, encode
from server.sasl.keys import HASHES, keys_of
from server.sasl.mechanism import Failure
from server.sasl.scram import MECHANISMS as SCRAM
from server.storage import accounts as store

if TYPE_CHECKING:
    from server.c2s.login import Login
    from server.c2s.stream import ClientStream
    from server.element import Element
    from server.sasl.negotiate import Policy

NS_SCRAM: Final = "urn:xmpp:scram-upgrade:0"
_PREFIX: Final = "UPGR-"
_SALT: Final = 16
_SIZES: Final = dict(zip(HASHES, (64, 32, 20), strict=True))


def offered(policy: Policy) -> tuple[str, ...]:
    """The tasks for what this server offers and old accounts may lack (§2.1)."""
    names = (name for name in policy.mechanisms if name in SCRAM and name != "SCRAM-SHA-1")
    return tuple(_PREFIX + name for name in names)


def feature(policy: Policy) -> bytes:
    """What says so in the stream features."""
    return "".join(
        f"<upgrade xmlns='{NS_UPGRADE}'>{name}</upgrade>" for name in offered(policy)
    ).encode()


def tasks(login: Login, policy: Policy) -> list[str]:
    """What the client wants to do and the account lacks, each once.

    Only for one who has just shown that it knows the password: who has a token, or somebody who
    vouches for it, must not be able to make itself a password.
    """
    account = login.account
    assert account is not None
    if login.proof is not Proof.PASSWORD:
        return []
    wanted = [name for name in offered(policy) if name in login.request.upgrades]
    return [name for name in wanted if _hash(name) not in account.credentials]


def begin(stream: ClientStream, login: Login, element: Element) -> Failure | None:
    """The client takes up the task that was asked of it: send salt and iterations (§3)."""
    if login.salt or element.get("task") != login.tasks[0]:
        return Failure(SASLCondition.MALFORMED_REQUEST, f"the task is {login.tasks[0]}")
    login.salt = stream.server.entropy.bytes(_SALT)
    stream.write(
        f"<task-data xmlns='{NS}'><salt xmlns='{NS_SCRAM}'"
        f" iterations='{stream.server.config.auth.scram_iterations}'>{encode(login.salt)}"
        "</salt></task-data>".encode()
    )
    return None


async def receive(stream: ClientStream, login: Login, element: Element) -> Failure | None:
    """The client brings the salted password: make the keys, and keep them (§3)."""
    name, account = login.tasks[0], login.account
    assert account is not None
    found = element.find(f"{{{NS_SCRAM}}}hash")
    salted = None if found is None or not login.salt else decode(text_of(found))
    if salted is None or len(salted) != _SIZES[_hash(name)]:
        return Failure(SASLCondition.MALFORMED_REQUEST, "expected a salted password in base64")
    iterations = stream.server.config.auth.scram_iterations
    keys = keys_of(salted, login.salt, iterations, _hash(name))
    login.salt = b""
    if keys.hash not in account.credentials:
        await store.add_credentials(stream.server.database, account.id, keys)
        if stream.credentials == account.credentials:
            stream.credentials = {**account.credentials, keys.hash: keys}
        account.credentials = {**account.credentials, keys.hash: keys}
    login.tasks.pop(0)
    return None


def _hash(name: str) -> str:
    return SCRAM[name.removeprefix(_PREFIX)]
