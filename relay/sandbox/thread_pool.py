"""Threads for what happens in the background, now or after a while."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable

Job = Callable[[], None]


class ThreadPool:
    """A bounded crew of daemon threads and one timekeeper. Failures are kept in `crashes`."""

    def __init__(self, size: int = 48) -> None:
        self.crashes: list[BaseException] = []
        self._size = size
        self._changed = threading.Condition()
        self._ready: deque[Job] = deque()
        self._timed: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._unfinished = 0
        self._stopped = False

    def start(self) -> None:
        self._hire(self._keep_time, "sandbox-timekeeper")

    def start_thread(self, job: Job, name: str) -> threading.Thread:
        """A thread for something long, beside the crew."""
        thread = threading.Thread(target=self._guard, args=(job,), name=name, daemon=True)
        thread.start()
        return thread

    def soon(self, job: Job) -> None:
        with self._changed:
            self._unfinished += 1
            self._enqueue(job)

    def later(self, seconds: float, job: Job) -> None:
        with self._changed:
            self._unfinished += 1
            due = time.monotonic() + seconds
            heapq.heappush(self._timed, (due, next(self._order), job))
            self._changed.notify_all()

    def wait_until_idle(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, timeout)

    def stop(self, timeout: float = 2.0) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _enqueue(self, job: Job) -> None:
        self._ready.append(job)
        if self._idle < len(self._ready) and len(self._threads) < self._size:
            self._hire(self._work, f"sandbox-worker-{len(self._threads)}")
        self._changed.notify_all()

    def _hire(self, duty: Job, name: str) -> None:
        thread = threading.Thread(target=duty, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._ready or self._stopped)
                self._idle -= 1
                if self._stopped:
                    return
                job = self._ready.popleft()
            self._perform(job)

    def _perform(self, job: Job) -> None:
        self._guard(job)
        with self._changed:
            self._unfinished -= 1
            self._changed.notify_all()

    def _guard(self, job: Job) -> None:
        try:
            job()
        except Exception as crash:  # noqa: BLE001 - outermost of its thread
            if not self._stopped:
                self.crashes.append(crash)

    def _keep_time(self) -> None:
        with self._changed:
            while not self._stopped:
                now = time.monotonic()
                while self._timed and self._timed[0][0] <= now:
                    self._enqueue(heapq.heappop(self._timed)[2])
                wait = self._timed[0][0] - time.monotonic() if self._timed else None
                self._changed.wait(wait if wait is None else max(wait, 0.0))
