"""aioxmpp, a Python library (JabberCat is built on it)."""

import pytest

from interop import scenario
from interop.capabilities import EVERYDAY
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import python_with

# It imports pytz without asking for it, and a method that newer pyOpenSSL no longer has.
REQUIREMENTS = ["aioxmpp==0.13.3", "pytz==2025.2", "pyOpenSSL==24.2.1"]

CLIENT = scenario.Client(
    "aioxmpp",
    lambda: [
        python_with("aioxmpp", REQUIREMENTS),
        *("-W", "ignore", "-m", "interop.clients.with_aioxmpp.scenarios"),
    ],
    asked=(
        *EVERYDAY,
        "eventing",
        "avatar",
        "bookmarks_old",
        "pubsub",
        "vcard",
        "blocking",
        "commands",
    ),
    missing={
        "archive": "the library has no code for XEP-0313",
        "bookmarks": "the library has no code for XEP-0402",
        "sasl2": "the library has no code for XEP-0388",
        "tokens": "both need SASL2",
        "displayed": "the library has no code for XEP-0490",
        "push": "the library has no code for XEP-0357",
        "vcard4": "the library has no code for XEP-0292",
    },
)


@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_aioxmpp(capability: str, server: Instance, matrix: Matrix) -> None:
    scenario.run(CLIENT, capability, server, matrix)
