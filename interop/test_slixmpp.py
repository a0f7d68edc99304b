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
    asked=(*EVERYDAY, "eventing", "avatar", "bookmarks", "blocking"),
)


@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_slixmpp(capability: str, server: Instance, matrix: Matrix) -> None:
    scenario.run(CLIENT, capability, server, matrix)
