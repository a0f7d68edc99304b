"""The whole configuration, and how it is loaded."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from server.config import login, sections
from server.config.errors import ConfigError
from server.config.limits import Limits
from server.config.reader import Document, Table, read_sections

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a person may decide, checked; read once at the root and handed down."""

    server: sections.Server = field(default_factory=sections.Server)
    listen: sections.Listen = field(default_factory=sections.Listen)
    tls: sections.TLS = field(default_factory=sections.TLS)
    limits: Limits = field(default_factory=Limits)
    auth: sections.Auth = field(default_factory=sections.Auth)
    jwt: login.JWT = field(default_factory=login.JWT)
    clients: login.Clients = field(default_factory=login.Clients)
    registration: sections.Registration = field(default_factory=sections.Registration)
    stream_management: sections.StreamManagement = field(default_factory=sections.StreamManagement)
    archive: sections.Archive = field(default_factory=sections.Archive)
    storage: sections.Storage = field(default_factory=sections.Storage)
    log: sections.Log = field(default_factory=sections.Log)
    metrics: sections.Metrics = field(default_factory=sections.Metrics)
    contact: sections.Contact = field(default_factory=sections.Contact)
    version: sections.Version = field(default_factory=sections.Version)
    rooms: Mapping[str, Any] = field(default_factory=dict)
    """The sections declared outside the core, by name."""
    path: Path | None = None
    """The file this was read from."""

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.server.data

    @property
    def certificates(self) -> Path:
        """The folder with a certificate and a key for each domain."""
        return self.data / self.tls.certificates

    @property
    def database(self) -> Path:
        """The file of the embedded database."""
        return self.data / self.storage.path

    def room(self, kind: type[T]) -> T:
        """The section of this kind, declared outside the core; its defaults if none was read."""
        for section in self.rooms.values():
            if isinstance(section, kind):
                return section
        return kind()

    def sections(self) -> Iterator[tuple[str, Any]]:
        """Every section with its name, the core's first."""
        for name in CORE:
            yield name, getattr(self, name)
        yield from self.rooms.items()


CORE: Final[Mapping[str, type]] = {
    f.name: type(getattr(Config(), f.name))
    for f in fields(Config)
    if f.name not in {"rooms", "path"}
}


def load(
    path: Path | None = None,
    *,
    rooms: Mapping[str, type] | None = None,
    overrides: Mapping[str, Mapping[str, object]] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """The configuration in the file `path`, or without one a server that is safe as it is.

    `rooms` are the sections declared outside the core; a name with a dot is a table within a table.
    `overrides` come from the command line and win over the file. ConfigError tells all that is
    wrong at once.
    """
    document = Document.open(path) if path else Document()
    kinds = {**CORE, **(rooms or {})}
    values = read_sections(document, kinds, _tables(overrides))
    core = {name: values.pop(name) for name in CORE}
    config = Config(**core, rooms=values, path=path)
    data = _data_folder(config, document, os.environ if environ is None else environ, overrides)
    return replace(config, server=replace(config.server, data=data))


def _tables(overrides: Mapping[str, Mapping[str, object]] | None) -> dict[str, Table]:
    """The overrides as tables of a document."""
    return {name: dict(table) for name, table in (overrides or {}).items()}


def _data_folder(
    config: Config,
    document: Document,
    environ: Mapping[str, str],
    overrides: Mapping[str, Mapping[str, object]] | None,
) -> Path:
    """The data folder, absolute: named on the command line, in the file, or in the environment."""
    if "data" in (overrides or {}).get("server", {}):
        return Path.cwd() / config.server.data.expanduser()
    if document.has("server", "data"):
        start = config.path.absolute().parent if config.path else Path.cwd()
        return start / config.server.data.expanduser()
    return Path.cwd() / Path(environ.get("SKERRY_DATA") or config.server.data).expanduser()


__all__ = ["CORE", "Config", "ConfigError", "load"]
