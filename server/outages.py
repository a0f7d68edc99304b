"""When the database cannot be reached: what peers are told. An outage is no bug."""

from typing import Final

from server import log
from server.errors import Condition, StanzaError, StreamCondition, StreamError
from server.storage.errors import StorageUnavailable

_TEXT: Final = "this server cannot reach its database at the moment; try again later"

_log = log.get(__name__)


def note(outage: StorageUnavailable) -> None:
    """Log it."""
    _log.warning("storage.unavailable", error=str(outage))


def refusal(outage: StorageUnavailable) -> StanzaError:
    """The answer to a stanza that needs what cannot be read now."""
    note(outage)
    return StanzaError(Condition.RESOURCE_CONSTRAINT, _TEXT)


def end(outage: StorageUnavailable) -> StreamError:
    """The end of a stream that cannot go on; its client comes back.

    "the server lacks the system resources necessary to service the stream" (RFC 6120 §4.9.3.17)
    """
    note(outage)
    return StreamError(StreamCondition.RESOURCE_CONSTRAINT, _TEXT)
