"""How a database refuses."""


class StorageError(Exception):
    """The database refused; the text is for the log, never for the peer."""


class Conflict(StorageError):
    """A constraint of the schema forbids the write."""


class StorageUnavailable(StorageError):
    """The database cannot write now: disk full, input/output error, locked for too long."""
