"""What the commands have in common: where the configuration is, and how errors are told."""

import os
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Signature, signature
from math import inf
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from server import rooms
from server.config import Config, ConfigError, load
from server.control import Refused
from server.data_folder import DataFolderError
from server.units import Duration

DEFAULT_FILE = Path("/etc/skerry/server.toml")

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help=f"Configuration file; else $SKERRY_CONFIG, or {DEFAULT_FILE} if it is there.",
    ),
]
Data = Annotated[Path | None, typer.Option("--data", "-d", help="Data folder.")]
Domains = Annotated[
    list[str] | None, typer.Option("--domain", help="Domain to serve; may be given again.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any key, such as tls.require=false."),
]


def configuration(
    file: Path | None,
    data: Path | None = None,
    domains: list[str] | None = None,
    settings: list[str] | None = None,
) -> Config:
    """The configuration in force, with what the command line adds to it."""
    overrides = dict(_settings(settings or []))
    if data is not None:
        overrides.setdefault("server", {})["data"] = str(data)
    if domains:
        overrides.setdefault("server", {})["domains"] = domains
    return load(_file(file), rooms=rooms.sections(), overrides=overrides)


def configured(work: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function whose first argument is the configuration.

    The command has the options that say where that is, after those of its own; what goes wrong is
    told in words.
    """

    def command(
        *, config: ConfigFile = None, data: Data = None, domain: Domains = None, **given: object
    ) -> None:
        with readable_errors():
            work(configuration(config, data, domain), **given)

    own = list(signature(work).parameters.values())[1:]
    shared = list(signature(command).parameters.values())[:-1]
    parameters = [*own, *shared]
    command.__name__, command.__doc__ = work.__name__, work.__doc__
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return command


@contextmanager
def readable_errors() -> Iterator[None]:
    """Tell what a person can mend in words, without a traceback, and end with status 1."""
    try:
        yield
    except ConfigError as error:
        fail("The configuration cannot be used:", *map(str, error.findings))
    except _expected() as error:
        fail(str(error))


def _expected() -> tuple[type[Exception], ...]:
    """Errors that are for the person at the terminal; asked for only when something went wrong."""
    from server.net.listener import CannotListen
    from server.storage.errors import StorageError
    from server.storage.migrate import SchemaTooNew

    return (Refused, DataFolderError, CannotListen, StorageError, SchemaTooNew)


def seconds(text: str) -> float:
    """A length of time in seconds; 0 if none was given."""
    try:
        found = float(Duration.parse(text)) if text else 0.0
    except ValueError:
        found = inf
    if found == inf:
        raise typer.BadParameter(f"expected {Duration.expected}, got {text!r}")
    return found


def fail(*lines: str) -> NoReturn:
    """Print to standard error and end with status 1."""
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


def _file(chosen: Path | None) -> Path | None:
    """The file to read, if there is one."""
    if chosen is not None:
        return chosen
    if named := os.environ.get("SKERRY_CONFIG"):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _settings(settings: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tables from `section.key=value`, where the value is TOML, or plain text."""
    tables: dict[str, dict[str, Any]] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        section, dot, name = key.strip().rpartition(".")
        if not (equals and dot):
            raise typer.BadParameter(f"expected section.key=value, got {setting!r}")
        tables.setdefault(section, {})[name] = _value(text.strip())
    yield from tables.items()


def _value(text: str) -> Any:
    """A TOML value; what is none is taken as text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
