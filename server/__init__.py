"""The core of Skerry: streams, authentication, sessions, routing, storage, configuration."""

__version__ = "0.1.0"
