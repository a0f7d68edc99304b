"""`skerry stop`: end the running server, or let it begin anew, when its users know of it."""

from typing import Annotated

import typer

from server.cli.options import configured, seconds
from server.cli.orders import perform
from server.config import Config


@configured
def stop(
    settings: Config,
    delay: Annotated[
        str, typer.Option("--in", metavar="TIME", help="How long to wait before, such as 5m.")
    ] = "",
    say: Annotated[
        str, typer.Option("--say", metavar="TEXT", help="What to tell those who are online now.")
    ] = "",
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew.")] = False,
) -> None:
    """End the running server."""
    wait = seconds(delay)
    perform(settings, "server.stop", delay=wait, text=say, restart=restart)
    what = "restarts" if restart else "ends"
    typer.echo(f"the server {what} in {delay}" if wait else f"the server {what}")
