"""The command line: `skerry serve`, `user`, `invite`, `announce`, `check` and so on."""

import os
from typing import Annotated

import typer

from server import __version__
from server.cli import check, config, greetings, invite, migrate, serve, stop, user

app = typer.Typer(
    name="skerry",
    help="Skerry, a federated XMPP server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("stop")(stop.stop)
app.add_typer(user.app, name="user")
app.add_typer(invite.app, name="invite")
app.command("announce")(greetings.announce)
app.add_typer(greetings.motd, name="motd")
app.add_typer(greetings.welcome, name="welcome")
app.command("check")(check.check)
app.command("config")(config.show)
app.command("migrate")(migrate.migrate)


def _show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"skerry {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """Skerry, a federated XMPP server."""


def main() -> None:
    """Run the command line; whatever it writes is for the eyes of its owner only."""
    os.umask(0o077)
    app()


if __name__ == "__main__":
    main()
