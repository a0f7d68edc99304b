"""nbxmpp, a Python library (Gajim is built on it); logs in by SASL2."""

import pytest

from interop import scenario
from interop.capabilities import EVERYDAY
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import debian_python_with

CLIENT = scenario.Client(
    "nbxmpp",
    lambda: [
        debian_python_with("nbxmpp", ["nbxmpp==7.4.0"], typelib="Soup-3.0"),
        *("-W", "ignore", "-m", "interop.clients.with_nbxmpp.scenarios"),
    ],
    asked=(
        *EVERYDAY, "sasl2", "eventing", "avatar", "avatar_old", "bookmarks", "bookmarks_old",
        "displayed", "vcard", "vcard4", "blocking", "commands",
    ),
    missing={
        "tokens": "the library has SASL2, but no code for Bind 2 (XEP-0386) and FAST (XEP-0484)",
        "pubsub": "the library has no code to create nodes",
        "push": "the library has no code for XEP-0357",
    },
)  # fmt: skip


@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_nbxmpp(capability: str, server: Instance, matrix: Matrix) -> None:
    scenario.run(CLIENT, capability, server, matrix)
