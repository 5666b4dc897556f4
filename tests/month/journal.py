"""All that was logged, counted by event, and unmasked in a file that is searched for numbers."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import structlog


class Journal:
    """While it is open, structlog writes here; ``mask_numbers`` does not help."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        # Webhooks are answered in threads, and a text file written from two holds rubbish.
        self._one_writer = threading.Lock()

    def __enter__(self) -> Journal:
        self._file = self.path.open("w", encoding="utf-8")
        self._before = structlog.get_config()
        structlog.configure(
            processors=[structlog.processors.format_exc_info, self._write],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=False,
        )
        return self

    def __exit__(self, *_: object) -> None:
        structlog.configure(**self._before)
        self._file.close()

    def _write(self, _logger: Any, level: str, event: dict[str, Any]) -> None:
        with self._one_writer:
            self.counts[event["event"]] += 1
            self._file.write(f"{level} {event!r}\n")
        raise structlog.DropEvent

    def content(self) -> bytes:
        with self._one_writer:
            self._file.flush()
        return self.path.read_bytes()
