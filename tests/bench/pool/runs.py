"""Which replays there are, and how they share the cores: in processes with a Redis each."""

from __future__ import annotations

import math
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any

from rich.progress import Progress

from relay.embedded_redis import EmbeddedRedis
from relay.store.connection import connect
from relay.store.store import Store
from tests.bench.board import CORES
from tests.bench.pool.bounds import Bounds, bounds_of
from tests.bench.pool.replay import Replayed, pool_of, replay, stock
from tests.bench.pool.rivals import random_choice, whole_number_cooldown
from tests.bench.pool.trace import COOLDOWNS, SHAPES, Cooldown, Shape, make_trace
from tests.key_ring import SIGNER

#: Pool sizes on a curve, from what a candidate needs to what no recruiter needs a code with.
CURVE_SIZES = 6
CURVE_SIZES_QUICKLY = 3
#: The likelier traces; and the second cooldown is the policy that a pool begins with.
CURVE_SHAPES = SHAPES[:2]
CURVE_COOLDOWNS = (COOLDOWNS[0], COOLDOWNS[2])


@dataclass(frozen=True)
class Scene:
    shape: Shape
    cooldown: Cooldown


@dataclass(frozen=True)
class Theory:
    """What a scene needs by each rule, without a store."""

    bounds: Bounds
    random_choice: int
    whole_number: int

    @property
    def ours(self) -> int:
        """With access codes: at most 1.05 times the busiest candidate's bound."""
        return math.floor(1.05 * self.bounds.candidate)


@dataclass(frozen=True)
class Run:
    scene: Scene
    access_codes: bool
    numbers: int


@dataclass(frozen=True)
class Measured:
    theory: dict[Scene, Theory]
    replays: dict[Run, Replayed]

    def codes_off(self, scene: Scene) -> Replayed:
        return self.replays[_codes_off(scene, self.theory)]

    def codes_on(self, scene: Scene) -> Replayed:
        return self.replays[Run(scene, access_codes=True, numbers=self.theory[scene].ours)]

    def curve(self, scene: Scene) -> list[tuple[int, Replayed]]:
        """Pool size, and what became of the trace there; by size."""
        return sorted(
            (
                (run.numbers, replayed)
                for run, replayed in self.replays.items()
                if run.scene == scene and run.access_codes
            ),
            key=lambda point: point[0],
        )

    @property
    def curves(self) -> list[Scene]:
        return [scene for scene in self.theory if len(self.curve(scene)) > 1]


def measure(progress: Progress, *, quick: bool = False) -> Measured:
    shapes = [shape.tenth() for shape in SHAPES[:2]] if quick else SHAPES
    cooldowns = CURVE_COOLDOWNS[-1:] if quick else COOLDOWNS
    scenes = [Scene(*scene) for scene in product(shapes, cooldowns)]
    # A process forgets the trace it has made when it turns to another one: scenes of one trace
    # stand next to each other.
    with _workers(progress) as run_all:
        theory = run_all("bounds", _theorize, scenes, 1)
        runs = [run for scene in scenes for run in _runs_of(scene, theory, quick=quick)]
        return Measured(theory, run_all("replays", _replay, runs, len(make_trace(shapes[0]))))


def _runs_of(scene: Scene, theory: dict[Scene, Theory], *, quick: bool) -> Iterator[Run]:
    yield _codes_off(scene, theory)
    sizes = [theory[scene].ours]
    if quick:
        sizes = _sizes(theory[scene], CURVE_SIZES_QUICKLY)
    elif scene.shape in CURVE_SHAPES and scene.cooldown in CURVE_COOLDOWNS:
        sizes = _sizes(theory[scene], CURVE_SIZES)
    for numbers in sizes:
        yield Run(scene, access_codes=True, numbers=numbers)


def _codes_off(scene: Scene, theory: dict[Scene, Theory]) -> Run:
    """A quarter more numbers than it should take, so that it may take too many."""
    return Run(scene, access_codes=False, numbers=math.ceil(1.25 * theory[scene].bounds.koenig))


def _sizes(theory: Theory, count: int) -> list[int]:
    """In equal ratios."""
    first, last = theory.ours, max(theory.bounds.koenig, theory.ours)
    step = (last / first) ** (1 / (count - 1))
    return sorted({round(first * step**place) for place in range(count)})


# --- in a worker process -------------------------------------------------------------


def _theorize(scene: Scene) -> Theory:
    trace = make_trace(scene.shape)
    theory = Theory(
        bounds_of(trace, scene.cooldown),
        random_choice(trace, scene.cooldown),
        whole_number_cooldown(trace, scene.cooldown),
    )
    _report(1)
    return theory


def _replay(run: Run) -> Replayed:
    with (
        tempfile.TemporaryDirectory(prefix="relay-bench-") as directory,
        EmbeddedRedis(Path(directory)) as server,
    ):
        store = Store(connect(server.url), SIGNER)
        store.client.config_set("appendonly", "no")
        pool = pool_of(run.scene.cooldown, access_codes=run.access_codes)
        stock(store, pool, run.numbers)
        return replay(store, pool, make_trace(run.scene.shape), _report)


def _share(queue: Queue[int]) -> None:
    _share.queue = queue  # type: ignore[attr-defined]


def _report(done: int) -> None:
    _share.queue.put(done)  # type: ignore[attr-defined]


# --- in the process that waits for them ----------------------------------------------


@contextmanager
def _workers(progress: Progress) -> Iterator[Callable[..., dict[Any, Any]]]:
    context = multiprocessing.get_context("spawn")
    queue: Queue[int] = context.Queue()
    with ProcessPoolExecutor(CORES, context, _share, (queue,)) as executor:

        def run_all(
            name: str, work: Callable[[Any], Any], subjects: list[Any], steps: int
        ) -> dict[Any, Any]:
            bar = progress.add_task(name, total=len(subjects) * steps)
            futures = [executor.submit(work, subject) for subject in subjects]
            _watch(futures, queue, lambda done: progress.advance(bar, done))
            results = [future.result() for future in futures]
            progress.update(bar, completed=len(subjects) * steps)
            return dict(zip(subjects, results, strict=True))

        yield run_all


def _watch(futures: list[Future[Any]], queue: Queue[int], advance: Callable[[int], None]) -> None:
    """Until all are done, or one has failed; then those that have not begun are called off."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.2)
        try:
            while True:
                advance(queue.get_nowait())
        except Empty:
            pass
        if any(future.exception() for future in done):
            for future in left:
                future.cancel()
            return
