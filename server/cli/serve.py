"""`skerry serve`: run the server until it is told to end."""

from server.cli.options import (
    ConfigFile,
    Data,
    Domains,
    Settings,
    configuration,
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
        # The whole server is loaded only now: the other commands do without.
        from server import main

        main.serve(settings)
