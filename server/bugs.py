"""What happens to an exception nobody foresaw: logged once, under a short id to tell the peer."""

import hashlib
import traceback

from server import log

_log = log.get(__name__)


def record(event: str, error: BaseException, **fields: object) -> str:
    """Log `error` under `event` and give the id that stands for it.

    The id is made from the place where the error arose, so the same bug always has the same id:
    a peer may be told, and nothing internal is given away.
    """
    name = identify(error)
    _log.error(event, bug=name, **fields, exc_info=error)
    return name


def identify(error: BaseException) -> str:
    """Eight characters that name the kind of error and the place where it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name} {frames[-1].line}" if frames else ""
    return hashlib.sha256(f"{type(error).__qualname__} {place}".encode()).hexdigest()[:8]
