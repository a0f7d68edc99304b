"""`skerry serve`: run the server until it is told to end."""

from importlib import import_module

import typer

from server.cli.options import (
    ConfigFile,
    Data,
    Domains,
    Settings,
    configuration,
    fail,
    readable_errors,
)


def serve(
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
    setting: Settings = None,
) -> None:
    """Run the server."""
    with readable_errors():
        settings = configuration(config, data, domain, setting)
        typer.echo(f"skerry: data folder {settings.data}", err=True)
        main = import_module("server.main")
        try:
            main.serve(settings)
        except OSError as error:
            fail(f"The server cannot run: {error}")
