"""Runs one scenario of one client and holds what it saw against the capability's check."""

import dataclasses
import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import pytest

from interop.capabilities import CAPABILITIES, EVERYDAY, Situation
from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import ROOT, Unavailable

SCENARIO_TIMEOUT = 300
_SHOWN_LINES = 30


@dataclasses.dataclass(frozen=True)
class Client:
    """A client: how to start its scenarios, and what it has no code for.

    `prepare` returns the command that takes a scenario's name and the situation as JSON; `asked`
    names the capabilities that there are scenarios for.
    """

    name: str
    prepare: Callable[[], list[str]]
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    asked: Sequence[str] = EVERYDAY
    environment: Callable[[Situation], Mapping[str, str]] = lambda _: {}

    def capabilities(self) -> list[str]:
        """What it can be asked to do."""
        return [name for name in self.asked if name not in self.missing]


def prepared(client: Client) -> list[str]:
    """The client's command; without it the test is skipped, or fails where everything must run."""
    try:
        return client.prepare()
    except Unavailable as reason:
        leave_out(str(reason))


def leave_out(reason: str) -> NoReturn:
    """Skip, or fail on a machine that promises to have everything (CI=true)."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(client: Client, capability: str, server: Instance, matrix: Matrix) -> None:
    """Let the client try it, and check what it saw."""
    matrix.missing(client.name, client.missing)
    command = prepared(client)
    situation = server.situation()
    with matrix.recording(client.name, capability):
        seen = observe(command, capability, situation, client.environment(situation))
        CAPABILITIES[capability].check(seen, situation)


def observe(
    command: list[str], scenario: str, situation: Situation, environment: Mapping[str, str]
) -> dict[str, Any]:
    """What the scenario printed last, which is JSON; the rest is shown when it fails."""
    result = subprocess.run(
        [*command, scenario, json.dumps(dataclasses.asdict(situation))],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SCENARIO_TIMEOUT, check=False,
    )  # fmt: skip
    lines = result.stdout.strip().splitlines()
    if result.returncode or not lines:
        output = (result.stdout + result.stderr).rstrip().splitlines()
        output = [line for line in output if line.strip()][-_SHOWN_LINES:]
        pytest.fail(
            "\n".join([f"{scenario} ended with {result.returncode}", *output]), pytrace=False
        )
    seen: dict[str, Any] = json.loads(lines[-1])
    return seen
