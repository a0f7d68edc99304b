"""The log: events with stable names and fields, on standard error.

    _log = log.get(__name__)
    _log.info("session.bound", jid=jid, took=took)

The first argument names what happened, in the past tense. Bodies, passwords and tokens are never
logged. On the way of a stanza ask `log.debugging()` once and keep the answer: a call that is
filtered out still costs its arguments.
"""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO, cast

import msgspec
import structlog
from structlog.typing import ExcInfo, FilteringBoundLogger

LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_HIDDEN: Final = frozenset({"password", "token", "secret", "body", "credentials"})
_LONGEST: Final = 2000

Logger = FilteringBoundLogger
_Event = MutableMapping[str, Any]


def get(name: str) -> Logger:
    """The logger of a module, made once at import; it obeys `configure()` whenever that comes."""
    return cast("Logger", structlog.get_logger(source=name))


def debugging() -> bool:
    """Whether debug events are logged at all."""
    return logging.getLogger().isEnabledFor(logging.DEBUG)


def configure(level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Log events of `level` and above to `stream` (standard error), as `console` or `json` lines.

    `auto` is console on a terminal. What libraries log through the standard library comes along.
    """
    out = sys.stderr if stream is None else stream
    json = form == "json" or (form == "auto" and not out.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso", utc=True, key="at"),
            _tame,
            *_renderers(json, out),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(out),
        # A logger that was used keeps its settings: quick, but tests change them.
        cache_logger_on_first_use=stream is None,
    )
    logging.basicConfig(level=LEVELS[level], handlers=[_Libraries()], force=True)
    logging.captureWarnings(True)


def _renderers(json: bool, out: TextIO) -> list[Any]:
    """The last steps of an event, for machines or for eyes."""
    if json:
        tracebacks = structlog.processors.ExceptionRenderer()
        return [tracebacks, structlog.processors.JSONRenderer(serializer=_serialise)]
    return [
        structlog.dev.ConsoleRenderer(
            colors=out.isatty(), timestamp_key="at", exception_formatter=_plain_traceback
        )
    ]


def _plain_traceback(out: TextIO, error: ExcInfo) -> None:
    """A traceback without the values of variables, which may be secrets."""
    lines = "".join(traceback.format_exception(*error)).splitlines()
    out.write("\n" + "\n".join(map(_printable, lines)))


def _serialise(event: Mapping[str, Any], **_: object) -> str:
    """One line of JSON; what JSON does not know is written as text."""
    head = {name: event[name] for name in ("at", "level", "event") if name in event}
    return msgspec.json.encode(head | dict(event), enc_hook=str).decode()


def _tame(_logger: object, _method: str, event: _Event) -> _Event:
    """Keep secrets out, long texts short, and control characters of peers off the terminal."""
    for name, value in event.items():
        if name in _HIDDEN:
            event[name] = "(hidden)"
        elif isinstance(value, str) and not (value.isprintable() and len(value) <= _LONGEST):
            text = value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
            event[name] = _printable(text)
    return event


def _printable(text: str) -> str:
    """`text` with an escape in the place of each character that would act on a terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class _Libraries(logging.Handler):
    """Turns what libraries log into events of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = get(record.name)
        level = min(logging.ERROR, max(logging.DEBUG, record.levelno // 10 * 10))
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        logger.log(level, "library.logged", text=text, exc_info=record.exc_info or None)
