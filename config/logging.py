"""Logs: one JSON object a line on stdout, events with ids. Never a person's number, never a text.

That is the duty of whoever logs; ``mask_numbers`` is only the last line of defence.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from config.log_output import LineOutput, PrintedLines

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
#: Seven digits and more, however they are spaced, that are no part of a word: ids have letters.
_NUMBER = re.compile(r"(?:%2[Bb]|\+|(?<!\w))\d(?:[\s().\-]{0,2}\d){6,14}(?!\w)")
_MASK = "[number]"
#: The same wherever it stands: for lines that may hold a path.
_ANYWHERE = re.compile(r"\d(?:[\s().\-]{0,2}\d){6,}")
#: Ours to show: from the carrier's list of what our account rents.
_SHOWN = frozenset({"owned_number"})
#: Shown when it is known to be ours: webhooks name it, and may name anything.
_SHOWN_IF_OURS = "virtual_number"
#: Loud at INFO, or with job arguments, URLs and forms in what they say.
_QUIET = ("rq", "rq.worker", "rq.job", "rq.queue", "twilio", "twilio.http_client", "urllib3")


def mask(value: Any) -> Any:
    """The value without anything in it that looks like a phone number."""
    if isinstance(value, str):
        return _NUMBER.sub(_MASK, value)
    if isinstance(value, Mapping):
        return {key: mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(repr(value))


def log_failure(log: Any, event: str, error: BaseException, **ids: Any) -> None:
    """Says which error it was, and the last lines of code that it came through: not what it says,
    which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno}" for frame in frames[-4:]]
    log.error(event, error=type(error).__name__, where=where, **ids)


class MaskNumbers(logging.Filter):
    """For loggers such as gunicorn's: what it says at DEBUG holds paths."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.levelno <= logging.DEBUG:
            message = _ANYWHERE.sub(_MASK, message)
        record.msg, record.args = mask(message), ()
        return True


class _OurNumbers:
    """Which numbers are known to be ours; none before anybody has said so."""

    is_ours: Callable[[str], bool] = staticmethod(lambda _number: False)


def show_numbers(is_ours: Callable[[str], bool]) -> None:
    """For the start of every process that knows the map of numbers."""
    _OurNumbers.is_ours = staticmethod(is_ours)


def _is_shown(key: str, value: Any) -> bool:
    if key == _SHOWN_IF_OURS:
        return isinstance(value, str) and _OurNumbers.is_ours(value)
    return key in _SHOWN or key.startswith("_")


def mask_numbers(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: value if _is_shown(key, value) else mask(value) for key, value in event.items()}


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=repr)
#: Bytes of a line. Processes share one pipe, and longer writes could mix in it (PIPE_BUF).
_LONGEST_LINE = 4096
#: Characters that are left of a value that makes a line too long, at its beginning and its end.
_HEAD, _TAIL = 200, 400
_ALWAYS_KEPT = ("event", "level", "logger", "timestamp", "exception", "shortened")


def _encode(event: EventDict) -> str:
    """The event as JSON, on one line that is written as a whole."""
    line = _ENCODER.encode(event)
    if not _is_too_long(line):
        return line
    short = {key: _shortened(value) for key, value in event.items()} | {"shortened": True}
    line = _ENCODER.encode(short)
    if not _is_too_long(line):
        return line
    return _ENCODER.encode({key: short[key] for key in _ALWAYS_KEPT if key in short})


def _is_too_long(line: str) -> bool:
    # Without encoding what is short anyway: no character has more than four bytes.
    return len(line) * 4 >= _LONGEST_LINE and len(line.encode()) >= _LONGEST_LINE


def _shortened(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]} … {text[-_TAIL:]}"


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.format_exc_info,
]
_LAST: list[Processor] = [
    mask_numbers,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    # One encoder for all lines: json.dumps would make one for each.
    structlog.processors.JSONRenderer(
        serializer=lambda event, **_: _encode(event),
    ),
]


def configure_logging(level: str = "INFO", *, to: TextIO | None = None) -> None:
    """For the start of every process: ours and everybody else's lines leave by the same way, on
    stdout unless it goes ``to`` another stream. A line that cannot be written is lost."""
    stream = _output_of(to or sys.stdout)
    structlog.configure(
        processors=[*_SHARED, *_LAST],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(stream),  # type: ignore[arg-type] # writes text
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_LAST],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _output_of(stream: TextIO | PrintedLines | None) -> LineOutput:
    if isinstance(stream, PrintedLines):
        return stream.output
    return LineOutput(stream)
