"""A Redis of a test's own, as a process that can be killed and frozen."""

from __future__ import annotations

import signal
import subprocess


class ServerProcess:
    """Whoever inherits starts it."""

    _process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """As a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stops it without a word: its connections stay, and nobody answers on them."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
