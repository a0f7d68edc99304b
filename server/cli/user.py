"""`skerry user`: accounts, on a running server or beside a stopped one."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from server.cli.options import ConfigFile, Data, Domains, configuration, fail, readable_errors
from server.cli.orders import perform

app = typer.Typer(help="Manage accounts.", no_args_is_help=True)

#: Accounts made by one order of an import.
_PORTION = 50

Account = Annotated[str, typer.Argument(metavar="JID", help="The account: name@domain.")]
Password = Annotated[
    str | None,
    typer.Option(help="The password; asked for if missing, '-' reads a line of standard input."),
]


@app.command()
def add(
    jid: Account,
    password: Password = None,
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """Make an account."""
    with readable_errors():
        settings = configuration(config, data, domain)
        perform(settings, "user.add", jid=jid, password=_password(password))
        typer.echo(f"added {jid}")


@app.command("import")
def import_users(
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """Make accounts from lines of JSON on standard input: {"jid": …, "password": …}."""
    with readable_errors():
        settings = configuration(config, data, domain)
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
def change_password(
    jid: Account,
    password: Password = None,
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """Give an account a new password and end its sessions."""
    with readable_errors():
        settings = configuration(config, data, domain)
        perform(settings, "user.password", jid=jid, password=_password(password))
        typer.echo(f"changed the password of {jid}")


@app.command()
def delete(
    jid: Account,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """Delete an account and all that is stored for it."""
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Delete {jid} with all messages and contacts?", abort=True)
    with readable_errors():
        perform(configuration(config, data, domain), "user.delete", jid=jid)
        typer.echo(f"deleted {jid}")


@app.command("list")
def list_users(
    of: Annotated[str, typer.Argument(metavar="[DOMAIN]", help="Only this domain.")] = "",
    online: Annotated[
        bool, typer.Option("--online", help="Those online, device by device.")
    ] = False,
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """List accounts, or who is online."""
    with readable_errors():
        settings = configuration(config, data, domain)
        for jid in perform(settings, "session.list" if online else "user.list", domain=of):
            typer.echo(jid)


@app.command()
def end(
    jid: Annotated[str, typer.Argument(metavar="JID", help="name@domain, or one device of it.")],
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """End the sessions of an account; its devices may come back."""
    with readable_errors():
        count = perform(configuration(config, data, domain), "session.end", jid=jid)
        typer.echo(f"ended {count} sessions of {jid}")


@app.command()
def announce(
    text: Annotated[str, typer.Argument(help="What to say.")],
    to: Annotated[str, typer.Option(metavar="DOMAIN", help="Only to this domain.")] = "",
    config: ConfigFile = None,
    data: Data = None,
    domain: Domains = None,
) -> None:
    """Send a message to everybody who is online."""
    with readable_errors():
        settings = configuration(config, data, domain)
        count = perform(settings, "session.announce", text=text, domain=to)
        typer.echo(f"told {count} devices")


def _password(given: str | None) -> str:
    """The password given, piped in, or asked for twice."""
    if given == "-" or (given is None and not sys.stdin.isatty()):
        return sys.stdin.readline().rstrip("\r\n")
    if given is not None:
        return given
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
