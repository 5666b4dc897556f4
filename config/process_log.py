"""The log of a process of the Procfile: JSON from the first line to the last, whoever says it."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NoReturn

import structlog

from config.log_output import LineOutput, PrintedLines
from config.logging import LEVELS, configure_logging, log_failure
from config.settings import Settings, SettingsError, load_settings

log = structlog.get_logger()


def log_everything() -> None:
    """For the first line of a process: what it or anybody's code logs, prints, warns of or dies of
    is a line of the log from now on. LOG_LEVEL counts before the settings are read."""
    level = os.environ.get("LOG_LEVEL", "")
    output = LineOutput(sys.stdout)
    sys.stdout = PrintedLines(logging.getLogger("stdout").info, output)
    sys.stderr = PrintedLines(logging.getLogger("stderr").warning, output)
    configure_logging(level if level in LEVELS else "INFO")
    logging.captureWarnings(capture=True)
    sys.excepthook = _process_died
    threading.excepthook = _thread_died
    sys.unraisablehook = _error_ignored


def run_process(work: Callable[[Settings], int | None]) -> NoReturn:
    """Ends with the exit code that ``work`` returns; with 1 when settings are wrong."""
    log_everything()
    with wrong_settings_end(exit_code=1):
        settings = load_settings()
        configure_logging(settings.log_level)
        sys.exit(work(settings))


@contextmanager
def wrong_settings_end(*, exit_code: int) -> Iterator[None]:
    """Where SettingsError is raised within, it is a line of the log. Raises SystemExit then."""
    try:
        yield
    except SettingsError as error:
        log.critical("settings need attention", problems=error.problems)
        raise SystemExit(exit_code) from None


def _process_died(
    _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    log_failure(log, "process died", error)


def _thread_died(about: threading.ExceptHookArgs) -> None:
    if about.exc_value is not None:
        thread = about.thread.name if about.thread else ""
        log_failure(log, "thread died", about.exc_value, thread=thread)


def _error_ignored(about: sys.UnraisableHookArgs) -> None:
    if about.exc_value is not None:
        log_failure(log, "error ignored", about.exc_value, what=str(about.err_msg or ""))
