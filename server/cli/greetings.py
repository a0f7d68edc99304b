"""`skerry announce`, `motd` and `welcome`: words to the users of a server."""

import sys
from typing import Annotated

import typer

from server.cli.options import configured
from server.cli.orders import perform
from server.config import Config

Words = Annotated[str, typer.Argument(metavar="TEXT", help="What to say; '-' reads it in.")]
Where = Annotated[str, typer.Option("--to", metavar="DOMAIN", help="Only to this domain.")]


@configured
def announce(settings: Config, text: Words, to: Where = "") -> None:
    """Send a message to everybody who is online."""
    count = perform(settings, "session.announce", text=_read(text), domain=to)
    typer.echo(f"told {count} devices")


def _greeting(kind: str, name: str, about: str) -> typer.Typer:
    """The commands about one kind of text."""
    app = typer.Typer(help=about, no_args_is_help=True)

    @app.command("set")
    @configured
    def set_text(settings: Config, text: Words, to: Where = "") -> None:
        perform(settings, f"{kind}.set", text=_read(text), domain=to)
        typer.echo(f"set {name}")

    @app.command("show")
    @configured
    def show_text(settings: Config, to: Where = "") -> None:
        found = perform(settings, f"{kind}.show", domain=to)
        for domain, text in found.items():
            typer.echo(f"{domain}:\n{text}" if len(settings.server.domains) > 1 else text)

    @app.command("delete")
    @configured
    def delete_text(settings: Config, to: Where = "") -> None:
        perform(settings, f"{kind}.delete", domain=to)
        typer.echo(f"deleted {name}")

    set_text.__doc__ = f"Set {name}."
    show_text.__doc__ = f"Show {name}."
    delete_text.__doc__ = f"Delete {name}."
    return app


motd = _greeting(
    "motd", "the message of the day", "The message of the day: told once to all who come online."
)
welcome = _greeting(
    "welcome", "the welcome", "The welcome: written to those who log in for the first time."
)


def _read(text: str) -> str:
    """The text given, or all of standard input."""
    return sys.stdin.read().rstrip("\n") if text == "-" else text
