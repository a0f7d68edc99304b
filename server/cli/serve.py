"""`skerry serve`: run the server until it is told to end."""

import resource

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
        _allow_many_files()
        # The whole server is loaded only now: the other commands do without.
        from server import main

        main.serve(settings)


def _allow_many_files() -> None:
    """Take as many file descriptors as the system grants: each connection needs one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
