"""Profanity, a client that people use in a terminal; typed into and read through tmux."""

import sys

import pytest

from interop import scenario
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import find


def _command() -> list[str]:
    find("tmux")
    find("profanity")
    return [sys.executable, "-m", "interop.clients.with_profanity.scenarios"]


CLIENT = scenario.Client(
    "Profanity",
    _command,
    missing={"sasl2": "it has no code for XEP-0388", "tokens": "both need SASL2"},
)


@pytest.mark.parametrize("capability", CLIENT.capabilities())
def test_profanity(capability: str, server: Instance, matrix: Matrix) -> None:
    scenario.run(CLIENT, capability, server, matrix)
