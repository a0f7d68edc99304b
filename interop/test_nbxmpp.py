"""nbxmpp, a Python library (Gajim is built on it); logs in by SASL2."""

import pytest

from interop import scenario
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import debian_python_with

CLIENT = scenario.Client(
    "nbxmpp",
    lambda: [
        debian_python_with("nbxmpp", ["nbxmpp==7.4.0"], typelib="Soup-3.0"),
        *("-W", "ignore", "-m", "interop.clients.with_nbxmpp.scenarios"),
    ],
    asked=("starttls", "direct_tls", "eventing", "bookmarks"),
)


@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_nbxmpp(capability: str, server: Instance, matrix: Matrix) -> None:
    scenario.run(CLIENT, capability, server, matrix)
