"""The command line of the scenarios written in Python: `SCENARIO SITUATION` in, JSON out."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from interop.capabilities import Seen, Situation

Scenario = Callable[[Situation], Awaitable[Seen]]


def main(*scenarios: Scenario) -> None:
    """Run the one that is asked for and print what it saw."""
    by_name = {scenario.__name__: scenario for scenario in scenarios}
    name, situation = sys.argv[1:]
    print(json.dumps(asyncio.run(_run(by_name[name], Situation(**json.loads(situation))))))


async def _run(scenario: Scenario, situation: Situation) -> Seen:
    return await scenario(situation)
