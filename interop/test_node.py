"""@xmpp/client (xmpp.js), a JavaScript library; here on Node.js."""

import pytest

from interop import scenario
from interop.capabilities import EVERYDAY
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import ROOT, node_modules

FOLDER = ROOT / "interop" / "clients" / "node"

CLIENT = scenario.Client(
    "@xmpp/client",
    lambda: [node_modules(FOLDER), str(FOLDER / "scenarios.mjs")],
    asked=(*EVERYDAY, "sasl2", "tokens"),
    environment=lambda situation: {"NODE_EXTRA_CA_CERTS": situation.certificate},
)


@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_node(capability: str, server: Instance, matrix: Matrix) -> None:
    scenario.run(CLIENT, capability, server, matrix)
