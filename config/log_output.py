"""Where log lines go. A line that cannot be written is lost, and nothing else: a request or a job
does not fail because nobody reads the log any more, or because its disk is full."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO


class LineOutput(io.TextIOBase):
    """Writes each line at once and straight to the file behind a stream, so that nothing is left
    over which Python would fail to flush at its end; where there is no file, to the stream.

    A process that was started without stdout has no stream, and its lines are dropped: the number
    of that file may be a socket's by now.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._fd = _fd_of(stream)

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            if self._fd is not None:
                _write_all(self._fd, text.encode(errors="backslashreplace"))
            elif self._stream is not None:
                self._stream.write(text)
        return len(text)

    def fileno(self) -> int:
        if self._fd is None:
            raise io.UnsupportedOperation("there is no file behind it")
        return self._fd


class PrintedLines(io.TextIOBase):
    """Stands in for sys.stdout or sys.stderr: whatever is printed there is handed on line by line.
    ``output`` is where the log goes."""

    def __init__(self, say: Callable[[str], None], output: LineOutput) -> None:
        super().__init__()
        self._say = say
        self.output = output
        self._unfinished = ""

    def write(self, text: str) -> int:
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        for line in lines:
            self._say_if_any(line)
        return len(text)

    def flush(self) -> None:
        line, self._unfinished = self._unfinished, ""
        self._say_if_any(line)

    def fileno(self) -> int:
        return self.output.fileno()

    def _say_if_any(self, line: str) -> None:
        if line.strip():
            self._say(line)


def _fd_of(stream: TextIO | None) -> int | None:
    with suppress(OSError, ValueError):
        return stream.fileno() if stream is not None else None
    return None


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
