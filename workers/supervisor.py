"""The Procfile's ``worker``: one process for each queue and slot, started again when it dies.

A process serves one queue, because one of two can lose a job (RQ-two-queues).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

import structlog

from config.process_log import run_process
from config.queues import QUEUES, Queue
from config.settings import Settings

log = structlog.get_logger()

#: Seconds before a dead process is started again; doubled while it does not live long.
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_LONG_LIFE = 10.0
#: Platforms send SIGTERM and 30 seconds later SIGKILL.
_PATIENCE = 25.0
_TICK = 0.05


class Child:
    """One worker process, whatever its present pid."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._pause = _FIRST_PAUSE

    def look_after(self, now: float) -> None:
        """Starts the process when it is due, and notes it when it has died."""
        if self._process is None:
            if now >= self._start_at:
                self._process = subprocess.Popen(self._command)
                self._started_at = now
            return
        code = self._process.poll()
        if code is None:
            return
        lived = now - self._started_at
        self._pause = _FIRST_PAUSE if lived > _LONG_LIFE else min(self._pause * 2, _LONGEST_PAUSE)
        self._start_at = now + self._pause
        self._process = None
        log.warning("worker died", child=self.name, code=code, lived=round(lived, 1))

    def send(self, signum: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signum)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


class Supervisor:
    """Keeps its children alive until a signal comes; then passes it on and waits for them."""

    def __init__(self, children: Sequence[Child], *, patience: float = _PATIENCE) -> None:
        self._children = list(children)
        self._patience = patience
        self._signal = 0

    def stop(self, signum: int, _frame: FrameType | None = None) -> None:
        self._signal = signum

    def run(self) -> None:
        while not self._signal:
            for child in self._children:
                child.look_after(time.monotonic())
            time.sleep(_TICK)
        self._take_down()

    def _take_down(self) -> None:
        log.info("supervisor stops", signal=signal.Signals(self._signal).name)
        for child in self._children:
            child.send(self._signal)
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline and any(child.is_running for child in self._children):
            time.sleep(_TICK)
        for child in self._children:
            child.send(signal.SIGKILL)


def children_for(queues: Sequence[Queue]) -> list[Child]:
    return [
        Child(f"{queue.name}-{number}", [sys.executable, "-m", "workers.worker", queue.name])
        for queue in queues
        for number in range(1, queue.processes + 1)
    ]


def main(_settings: Settings) -> None:
    supervisor = Supervisor(children_for(QUEUES))
    signal.signal(signal.SIGTERM, supervisor.stop)
    signal.signal(signal.SIGINT, supervisor.stop)
    supervisor.run()


if __name__ == "__main__":
    run_process(main)
