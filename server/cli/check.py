"""`skerry check`: tell what is wrong before users do, each finding with its mend."""

from typing import Annotated

import typer

from server.cli.options import (
    ConfigFile,
    Data,
    Domains,
    Settings,
    configuration,
    readable_errors,
)


def check(
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
    setting: Settings = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what is wrong.")] = False,
) -> None:
    """Check ports, certificates, DNS, the data folder and this machine; status 1 on errors."""
    with readable_errors():
        settings = configuration(config, data, domain, setting)
    from rich.console import Console
    from rich.text import Text

    from server.clock import Clock
    from server.diagnosis import Level, diagnose

    console = Console(highlight=False, soft_wrap=True)
    colours = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "bold red"}
    errors = 0
    for finding in diagnose(settings, Clock()):
        errors += finding.level is Level.ERROR
        if quiet and finding.level is Level.OK:
            continue
        label = Text(f"{finding.level:<8}", colours[finding.level])
        console.print(label, Text(f"{finding.subject}: {finding.text}"))
        if finding.mend:
            console.print(Text(f"         → {finding.mend}", "dim"))
    if errors:
        raise typer.Exit(1)
