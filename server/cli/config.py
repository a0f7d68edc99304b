"""`skerry config`: what is in force, every key explained."""

from typing import Annotated

import typer

from server import rooms
from server.cli.options import (
    ConfigFile,
    Data,
    Domains,
    Settings,
    configuration,
    readable_errors,
)
from server.config.render import effective, example_file


def show(
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
    setting: Settings = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="Only what differs from the defaults.")
    ] = False,
    example: Annotated[
        bool, typer.Option("--example", help="A file to begin with, every key at its default.")
    ] = False,
) -> None:
    """Print the configuration in force, with an explanation of every key."""
    if example:
        typer.echo(example_file(rooms.sections()), nl=False)
        return
    with readable_errors():
        text = effective(configuration(config, data, domain, setting), brief=brief)
        typer.echo(text, nl=False)
