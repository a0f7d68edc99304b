"""`skerry user`: accounts, on a running server or beside a stopped one."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from server.cli.dossier import describe
from server.cli.options import configured, fail
from server.cli.orders import perform
from server.config import Config
from server.control import Refused

app = typer.Typer(help="Manage accounts.", no_args_is_help=True)

#: Accounts made by one order of an import.
_PORTION = 50

Account = Annotated[str, typer.Argument(metavar="JID", help="The account: name@domain.")]
Password = Annotated[
    str | None,
    typer.Option(help="The password; asked for if missing, '-' reads a line of standard input."),
]


@app.command()
@configured
def add(settings: Config, jid: Account, password: Password = None) -> None:
    """Make an account."""
    perform(settings, "user.add", jid=jid, password=_password(password))
    typer.echo(f"added {jid}")


@app.command("import")
@configured
def import_users(settings: Config) -> None:
    """Make accounts from lines of JSON on standard input: {"jid": …, "password": …}."""
    lines = enumerate(sys.stdin, 1)
    users = [_read_user(number, line) for number, line in lines if line.strip()]
    made = 0
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("importing", total=len(users))
        for start in range(0, len(users), _PORTION):
            portion = users[start : start + _PORTION]
            made += perform(settings, "user.import", users=portion)
            progress.advance(bar, len(portion))
    typer.echo(f"added {made} of {len(users)}; the others were there already")


def _read_user(number: int, line: str) -> tuple[str, str]:
    """One line of an import."""
    try:
        user = json.loads(line)
        return str(user["jid"]), str(user["password"])
    except (ValueError, KeyError, TypeError):
        fail(f'line {number}: expected {{"jid": "name@domain", "password": "…"}}')


@app.command("password")
@configured
def change_password(settings: Config, jid: Account, password: Password = None) -> None:
    """Give an account a new password and end its sessions."""
    perform(settings, "user.password", jid=jid, password=_password(password))
    typer.echo(f"changed the password of {jid}")


@app.command()
@configured
def delete(
    settings: Config,
    jid: Account,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete an account and all that is stored for it."""
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Delete {jid} with all messages and contacts?", abort=True)
    perform(settings, "user.delete", jid=jid)
    typer.echo(f"deleted {jid}")


@app.command()
@configured
def disable(settings: Config, jid: Account) -> None:
    """Let nobody log into an account and end its sessions; nothing of it is erased."""
    perform(settings, "user.disable", jid=jid)
    typer.echo(f"disabled {jid}")


@app.command()
@configured
def enable(settings: Config, jid: Account) -> None:
    """Let the owner of a disabled account log in again."""
    perform(settings, "user.enable", jid=jid)
    typer.echo(f"enabled {jid}")


@app.command("list")
@configured
def list_users(
    settings: Config,
    of: Annotated[str, typer.Argument(metavar="[DOMAIN]", help="Only this domain.")] = "",
    online: Annotated[
        bool, typer.Option("--online", help="Those online, device by device.")
    ] = False,
) -> None:
    """List accounts, or who is online."""
    if online:
        for jid in perform(settings, "session.list", domain=of):
            typer.echo(jid)
        return
    disabled = set(perform(settings, "user.list", domain=of, disabled=True))
    for jid in perform(settings, "user.list", domain=of):
        typer.echo(f"{jid}  disabled" if jid in disabled else jid)


@app.command()
@configured
def show(settings: Config, jid: Account) -> None:
    """Show what is known of an account."""
    found = perform(settings, "user.show", jid=jid)
    for line in describe(found, _invitations(settings, found["jid"])):
        typer.echo(line)


def _invitations(settings: Config, jid: str) -> list[dict[str, Any]]:
    """Those of an account that can be used; none where nobody can invite."""
    try:
        found: list[dict[str, Any]] = perform(settings, "invite.list", inviter=jid)
    except Refused:
        return []
    return found


@app.command()
@configured
def end(
    settings: Config,
    jid: Annotated[str, typer.Argument(metavar="JID", help="name@domain, or one device of it.")],
) -> None:
    """End the sessions of an account; its devices may come back."""
    count = perform(settings, "session.end", jid=jid)
    typer.echo(f"ended {count} sessions of {jid}")


def _password(given: str | None) -> str:
    """The password given, piped in, or asked for twice."""
    if given == "-" or (given is None and not sys.stdin.isatty()):
        return sys.stdin.readline().rstrip("\r\n")
    if given is not None:
        return given
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
