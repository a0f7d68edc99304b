"""`skerry invite`: links by which others make accounts, on a running server or a stopped one."""

from math import inf
from typing import Annotated

import typer

from server.cli.options import ConfigFile, Data, Domains, configuration, readable_errors
from server.cli.orders import perform
from server.units import Duration

app = typer.Typer(help="Invite people to have an account.", no_args_is_help=True)


@app.command()
def create(
    of: Annotated[str, typer.Argument(metavar="[DOMAIN]", help="Domain of the account.")] = "",
    name: Annotated[str, typer.Option(help="The username; else the invited choose one.")] = "",
    inviter: Annotated[
        str, typer.Option("--from", metavar="JID", help="A user who becomes their contact.")
    ] = "",
    uses: Annotated[int, typer.Option(help="How many accounts can be made by it.")] = 1,
    valid: Annotated[
        str, typer.Option(metavar="TIME", help="How long, such as 3d; else as configured.")
    ] = "",
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """Make an invitation and print its link, which nobody can look up later."""
    with readable_errors():
        made = perform(
            configuration(config, data, domain),
            "invite.create", domain=of, username=name, inviter=inviter, uses=uses,
            seconds=_seconds(valid),
        )  # fmt: skip
        for key in ("uri", "page"):
            if made[key]:
                typer.echo(made[key])
        typer.echo(f"invitation {made['id']}, until {made['expires']}", err=True)


def _seconds(text: str) -> float:
    """A length of time; 0 if none was given."""
    try:
        seconds = float(Duration.parse(text)) if text else 0.0
    except ValueError:
        seconds = inf
    if seconds == inf:
        raise typer.BadParameter(f"expected {Duration.expected}, got {text!r}")
    return seconds


@app.command("list")
def list_invitations(
    of: Annotated[str, typer.Argument(metavar="[DOMAIN]", help="Only to this domain.")] = "",
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """List the invitations that can be used."""
    with readable_errors():
        for each in perform(configuration(config, data, domain), "invite.list", domain=of):
            what = "account" if each["registers"] else "contact"
            whom = f"{each['username']}@{each['domain']}" if each["username"] else each["domain"]
            by = f", from {each['inviter']}" if each["inviter"] else ""
            uses = f", {each['uses']} times" if each["uses"] > 1 else ""
            typer.echo(f"{each['id']}  until {each['expires']}  {what} at {whom}{by}{uses}")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID", help="As listed, or the token.")],
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """Take an invitation back."""
    with readable_errors():
        perform(configuration(config, data, domain), "invite.revoke", name=name)
        typer.echo(f"revoked {name}")
