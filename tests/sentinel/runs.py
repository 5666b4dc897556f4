"""One fail-over under traffic: the fault, how long it was felt, and what was lost of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from relay.sandbox.service import Service, simulated_carrier
from tests.e2e.stage import eventually
from tests.e2e.traffic import Rates, Traffic
from tests.sentinel.servers import Group, running_group

#: Seconds within which the service is to be back.
GOAL = 15.0
#: Seconds without a failure that show that it is.
_QUIET = 2.0


@dataclass(frozen=True)
class Outcome:
    """Seconds from the fault until no call, text or request failed any more."""

    calls_back: float
    texts_back: float
    requests_back: float

    @property
    def back(self) -> float:
        return max(self.calls_back, self.texts_back, self.requests_back)


@contextmanager
def staged(directory: Path, *, pairs: int) -> Iterator[tuple[Group, Traffic]]:
    """The whole service on a group of its own, for the store and for RQ alike."""
    with (
        running_group(directory / "group") as group,
        simulated_carrier(seed=11) as carrier,
        Service(
            carrier,
            directory / "service",
            extra_environment={
                "REDIS_URL": group.url,
                "STORE_REPLICAS": "1",
                "API_REQUESTS_PER_MINUTE": "1000000",
            },
        ) as service,
    ):
        yield group, Traffic(service, carrier, pairs)
    assert carrier.crashes == []


def fail_over(group: Group, traffic: Traffic, rates: Rates, fault: Callable[[], None]) -> Outcome:
    """``fault`` takes the master away under traffic, which goes on until all is whole again."""
    with traffic.running(rates):
        time.sleep(_QUIET)
        before, at = group.master, time.monotonic()
        fault()
        eventually(lambda: _is_back(traffic, at), seconds=4 * GOAL)
        assert group.master is not before
        group.mend()
        before.thaw()
        before.start()
        eventually(group.is_whole, seconds=60)
    return Outcome(
        calls_back=traffic.calls.back_after(at),
        texts_back=traffic.texts.back_after(at),
        requests_back=traffic.requests.back_after(at),
    )


def _is_back(traffic: Traffic, fault: float) -> bool:
    quiet_since = time.monotonic() - _QUIET
    return quiet_since > fault + _QUIET and all(
        kind.works_since(quiet_since) and not any(at > quiet_since for at in kind.failed_at)
        for kind in (traffic.calls, traffic.texts, traffic.requests)
    )
