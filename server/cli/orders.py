"""Orders of the command line: given to the running server, or carried out beside a stopped one."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from server import control, rooms
from server.config import Config
from server.data_folder import DataFolder, make_folder

if TYPE_CHECKING:
    from server.storage.database import Database


def perform(config: Config, verb: str, **arguments: object) -> Any:
    """Have the running server do it, or do it ourselves if none runs."""
    try:
        return control.order(DataFolder(config.data).control_socket, verb, **arguments)
    except control.Absent:
        return asyncio.run(_perform_alone(config, verb, arguments))


async def _perform_alone(config: Config, verb: str, arguments: dict[str, object]) -> Any:
    """Open the database and do it."""
    from server.storage.opening import open_database

    make_folder(config.data)
    database = open_database(config)
    await database.start()
    try:
        for room, series in rooms.migrations().items():
            await database.migrate(room, series)
        verbs = _verbs(config, database)
        if verb not in verbs:
            raise control.Refused("no server is running; this needs one")
        return await verbs[verb](**arguments)
    finally:
        await database.close()


def _verbs(config: Config, database: "Database") -> Mapping[str, control.Verb]:
    """What can be done without a server."""
    from server.administration import Administration
    from server.clock import Clock
    from server.entropy import Entropy

    clock, entropy = Clock(), Entropy()
    iterations = config.auth.scram_iterations
    accounts = Administration(
        database, config.server.domains, iterations, clock, entropy,
        deleting=partial(rooms.part, database),
    )  # fmt: skip
    return {**accounts.verbs(), **rooms.orders(config, database, clock, entropy)}
