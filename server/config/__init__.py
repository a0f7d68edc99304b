"""The configuration: one TOML file, typed, checked as a whole, every key explained."""

from server.config.address import Address
from server.config.config import CORE, Config, load
from server.config.declare import key
from server.config.errors import ConfigError, Finding
from server.config.limits import Limits
from server.config.sections import (
    TLS,
    Archive,
    Auth,
    Contact,
    Listen,
    Log,
    Metrics,
    Registration,
    Server,
    Storage,
    StreamManagement,
    Version,
)

__all__ = [
    "CORE",
    "TLS",
    "Address",
    "Archive",
    "Auth",
    "Config",
    "ConfigError",
    "Contact",
    "Finding",
    "Limits",
    "Listen",
    "Log",
    "Metrics",
    "Registration",
    "Server",
    "Storage",
    "StreamManagement",
    "Version",
    "key",
    "load",
]
