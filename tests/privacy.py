"""P2 in the fast tests: nothing that a process logs or sends to Redis holds a person's number, and
no log the words of a text.

Log lines are seen as the call site wrote them: ``mask_numbers`` is the last line of defence, and no
excuse.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import Any

import structlog

from tests.wording import faults_of_line

#: Between the digits of a number, as people and libraries write it.
_BETWEEN = re.compile(r"(?<=\d)[\s().\-]{1,2}(?=\d)")
#: A person's in tests: 555-0100 to 555-0149, in any area; in no longer word, as ids are.
_PERSON = re.compile(r"(?<![0-9A-Za-z])(?:%2[Bb])?\d{0,6}55501[0-4]\d(?![0-9A-Za-z])")
#: The same at a glance.
_PERHAPS = re.compile(rb"555[\s().\-]{0,2}01[0-4]\d")
#: What people say in most tests.
_SAID = re.compile(r"\bhello\b", re.IGNORECASE)


def numbers_in(text: str) -> list[str]:
    """A person's numbers, in any spelling."""
    return _PERSON.findall(_BETWEEN.sub("", text))


class Watch:
    """What has leaked since the last look."""

    def __init__(self) -> None:
        self._leaks: list[str] = []
        self._ill_put: list[str] = []

    def note_line(self, line: str) -> None:
        if numbers_in(line) or _SAID.search(line):
            self._leaks.append(f"logged: {line}")

    def note_faults(self, faults: Iterable[str]) -> None:
        self._ill_put += faults

    def note_command(self, command: Iterable[bytes]) -> None:
        sent = b"".join(command)
        if not _PERHAPS.search(sent):
            return
        for part in sent.split(b"\r\n"):
            if numbers_in(part.decode(errors="replace")):
                self._leaks.append(f"sent to Redis: {part[:200]!r}")

    def take(self) -> list[str]:
        leaks, self._leaks = self._leaks, []
        return leaks

    def take_ill_put(self) -> list[str]:
        """Lines of the log that nobody would read (wording.py)."""
        ill_put, self._ill_put = self._ill_put, []
        return ill_put


WATCH = Watch()


class WatchedLogger(structlog.make_filtering_bound_logger(logging.INFO)):  # type: ignore[misc]
    """Ours, before any processor has seen the event."""

    def _proxy_to_logger(self, method_name: str, event: str | None = None, **values: Any) -> Any:
        bound = {**structlog.contextvars.get_contextvars(), **self._context, **values}
        WATCH.note_faults(faults_of_line(event, bound))
        bound.pop("owned_number", None)  # ours to show, as config/logging.py has it
        WATCH.note_line(f"{event} {json.dumps(bound, default=repr, ensure_ascii=False)}")
        return super()._proxy_to_logger(method_name, event, **values)


class WatchedHandler(logging.Handler):
    """Everybody else's, as it is before a filter or formatter."""

    def emit(self, record: logging.LogRecord) -> None:
        WATCH.note_line(f"{record.name}: {record.getMessage()}")


_HANDLER = WatchedHandler(logging.INFO)


def watch_logs() -> None:
    """From now on, until somebody configures logs."""
    structlog.configure(wrapper_class=WatchedLogger)
    logging.getLogger().addHandler(_HANDLER)  # once, however often it is said
