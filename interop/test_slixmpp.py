"""slixmpp, a Python library (poezio is built on it)."""

import pytest

from interop import scenario
from interop.capabilities import EVERYDAY
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import python_with

CLIENT = scenario.Client(
    "slixmpp",
    lambda: [
        python_with("slixmpp", ["slixmpp==1.17.0"]),
        *("-m", "interop.clients.with_slixmpp.scenarios"),
    ],
    asked=(
        *EVERYDAY, "eventing", "avatar", "avatar_old", "bookmarks", "bookmarks_old", "pubsub",
        "vcard", "displayed", "blocking", "commands", "push",
    ),
    missing={
        "sasl2": "the library has no code for XEP-0388",
        "tokens": "both need SASL2",
        "vcard4": "the library publishes to another node than the one that XEP-0292 §4 names",
    },
)  # fmt: skip


@pytest.mark.every_backend
@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_slixmpp(capability: str, server: Instance, matrix: Matrix) -> None:
    scenario.run(CLIENT, capability, server, matrix)
