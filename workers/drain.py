"""What waits in the queue of texts, worked on many lanes at once by the threads of one job.

The main thread takes hints out of the queue and starts their work; whatever a thread has done comes
back to it. The job goes on while there is anything to do, and for a while longer.
"""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TypeAlias

import structlog

from config.logging import log_failure
from relay.domain.errors import NotFound, Unavailable
from relay.domain.throttle import Throttle
from relay.store.connection import is_away
from relay.store.send_rate import SendRate
from relay.workflows.deployment import Deployment
from relay.workflows.services import Services
from workers.hints import HintQueue
from workers.lane_plan import Hint, Lane, LanePlan

log = structlog.get_logger()

#: Seconds for which a job without anything to do waits for more: it need not be forked anew.
LINGER = 60
#: Seconds between two looks into the queue while threads are at work.
_GLANCE = 0.02
#: A main thread that has not come round for so many seconds, or waits for so many for the last
#: thread, is ended by the system.
STUCK_AFTER = 60

#: Does what a hint of its function is about. Returns the id to go on with in that lane, or "".
Work: TypeAlias = Callable[[Services, str], str]


@contextmanager
def _watched() -> Iterator[None]:
    """Python's own handler could not end a thread that Python itself keeps waiting."""
    before = signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _lanes_of(services: Services, texts: list[str]) -> list[tuple[str, str]]:
    """Number and receiver of each. Raises Unavailable when the store is away; for what is damaged
    nobody knows, and its own work will say so."""
    try:
        return services.store.messages.outbox.lanes_of(texts)
    except Unavailable as error:
        if is_away(error):
            raise
        return [("", "")] * len(texts)


class Drain:
    """One turn of a worker at the queue of texts. ``works`` has the work of each function that may
    be asked for there; ``is_over`` says that the turn is to end."""

    def __init__(
        self,
        deployment: Deployment,
        hints: HintQueue,
        works: Mapping[str, Work],
        *,
        is_over: Callable[[], bool],
        linger: float = LINGER,
        stuck_after: int = STUCK_AFTER,
    ) -> None:
        self._deployment = deployment
        self._hints = hints
        self._works = works
        self._is_over = is_over
        self._linger = linger
        self._stuck_after = stuck_after
        settings = deployment.settings
        self._threads = settings.texts_at_once
        self._rate = SendRate(deployment.client, settings.texts_per_second)
        self._plan = LanePlan(self._threads)
        self._throttles: dict[str, Throttle] = {}
        #: Until when an account has been handed its texts of a second.
        self._full_until: dict[str, float] = {}
        self._ended: SimpleQueue[tuple[Lane, Hint, str]] = SimpleQueue()

    def run(self, first: Hint) -> None:
        """Works on this hint and on all that come, until the turn is over; what is being sent then
        is waited for. Raises RedisError when the queue's Redis goes away, Unavailable when the
        store does."""
        with _watched(), ThreadPoolExecutor(self._threads) as pool:
            self._add([first])
            last_busy = time.monotonic()
            while self._goes_on(last_busy):
                self._start(pool)
                if self._plan.running or self._plan.waiting:
                    last_busy = time.monotonic()
                    self._collect(_GLANCE)
                    self._take_more()
                else:
                    self._add(self._hints.wait())

    def _goes_on(self, last_busy: float) -> bool:
        signal.alarm(self._stuck_after)
        return not self._is_over() and time.monotonic() - last_busy < self._linger

    def _take_more(self) -> None:
        """By the dozen, where there is much to do."""
        room = self._plan.room(self._is_held)
        if room > self._threads // 2:
            self._add(self._hints.take(room))

    def _add(self, hints: Iterable[Hint]) -> None:
        by_board: dict[str, list[Hint]] = defaultdict(list)
        for hint in hints:
            by_board[hint.board].append(hint)
        for board, some in by_board.items():
            self._add_of_board(board, some)

    def _add_of_board(self, board: str, hints: list[Hint]) -> None:
        try:
            services = self._deployment.of_board(board)
        except (NotFound, Unavailable) as error:
            log.warning("hints passed over", board=board, hints=len(hints), why=str(error))
            return
        sid = services.account.sid
        self._throttles[sid] = services.carrier.throttle
        texts = [hint.id for hint in hints if hint.function == "send_texts"]
        lanes = dict(zip(texts, _lanes_of(services, texts), strict=True))
        for hint in hints:
            number, receiver = lanes.get(hint.id, ("", ""))
            lane = Lane(sid, number or sid, receiver or f"{hint.function} {hint.id}")
            self._plan.add(lane, hint)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        while (start := self._plan.start(self._may_start)) is not None:
            pool.submit(self._work, *start)

    def _is_held(self, account: str) -> bool:
        now = time.time()
        is_full = now < self._full_until.get(account, 0.0)
        return is_full or self._throttles[account].is_paused(now)

    def _may_start(self, lane: Lane) -> bool:
        now, account = time.time(), lane.account
        under_way = self._plan.running_of(account)
        if self._is_held(account) or not self._throttles[account].admits(under_way):
            return False
        wait = self._rate.seconds_until_next(account, now=now)
        # Apart from the pauses that the carrier asks for: a refusal in one of those counts once.
        self._full_until[account] = now + wait
        return not wait

    def _work(self, lane: Lane, hint: Hint) -> None:
        """In a thread."""
        go_on_with = ""
        try:
            services = self._deployment.of_board(hint.board)
            go_on_with = self._works[hint.function](services, hint.id)
        except Exception as error:  # noqa: BLE001 - the outermost one of its thread
            log_failure(log, "job failed", error, job=hint.function.replace("_", " "))
        finally:
            self._ended.put((lane, hint, go_on_with))

    def _collect(self, seconds: float) -> None:
        """All that has ended, or the next that does within so many seconds."""
        try:
            self._note_end(*self._ended.get(timeout=seconds))
            while True:
                self._note_end(*self._ended.get_nowait())
        except Empty:
            return

    def _note_end(self, lane: Lane, hint: Hint, go_on_with: str) -> None:
        self._plan.end(lane)
        if go_on_with:
            self._plan.add(lane, Hint(hint.function, hint.board, go_on_with))
