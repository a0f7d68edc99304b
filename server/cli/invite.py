"""`skerry invite`: links by which others make accounts, on a running server or a stopped one."""

from typing import Annotated

import typer

from server.cli.options import configured, seconds
from server.cli.orders import perform
from server.config import Config

app = typer.Typer(help="Invite people to have an account.", no_args_is_help=True)


@app.command()
@configured
def create(
    settings: Config,
    of: Annotated[str, typer.Argument(metavar="[DOMAIN]", help="Domain of the account.")] = "",
    name: Annotated[str, typer.Option(help="The username; else the invited choose one.")] = "",
    inviter: Annotated[
        str, typer.Option("--from", metavar="JID", help="A user who becomes their contact.")
    ] = "",
    uses: Annotated[int, typer.Option(help="How many accounts can be made by it.")] = 1,
    valid: Annotated[
        str, typer.Option(metavar="TIME", help="How long, such as 3d; else as configured.")
    ] = "",
) -> None:
    """Make an invitation and print its link, which nobody can look up later."""
    made = perform(
        settings, "invite.create", domain=of, username=name, inviter=inviter, uses=uses,
        seconds=seconds(valid),
    )  # fmt: skip
    for key in ("uri", "page"):
        if made[key]:
            typer.echo(made[key])
    typer.echo(f"invitation {made['id']}, until {made['expires']}", err=True)


@app.command("list")
@configured
def list_invitations(
    settings: Config,
    of: Annotated[str, typer.Argument(metavar="[DOMAIN]", help="Only to this domain.")] = "",
    inviter: Annotated[
        str, typer.Option("--from", metavar="JID", help="Only those of this user.")
    ] = "",
) -> None:
    """List the invitations that can be used."""
    for each in perform(settings, "invite.list", domain=of, inviter=inviter):
        what = "account" if each["registers"] else "contact"
        whom = f"{each['username']}@{each['domain']}" if each["username"] else each["domain"]
        by = f", from {each['inviter']}" if each["inviter"] else ""
        uses = f", {each['uses']} times" if each["uses"] > 1 else ""
        typer.echo(f"{each['id']}  until {each['expires']}  {what} at {whom}{by}{uses}")


@app.command()
@configured
def revoke(
    settings: Config,
    name: Annotated[str, typer.Argument(metavar="ID", help="As listed, or the token.")],
) -> None:
    """Take an invitation back."""
    perform(settings, "invite.revoke", name=name)
    typer.echo(f"revoked {name}")
