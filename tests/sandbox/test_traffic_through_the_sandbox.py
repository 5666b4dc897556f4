"""What traffic is estimated to cost, against what the simulated carrier charges for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from relay.domain.charges import Spending, Unit
from relay.sandbox.behaviour import Answer, Behaviour, Busy, NoAnswer, Voicemail
from relay.workflows.estimate_traffic import estimate_traffic
from tests.sandbox.scenario import Scenario
from tests.world import CARL, NUMBER, RITA, STRANGER, US

pytestmark = pytest.mark.slow

PICTURE = "https://example.com/1.jpg"
ON_RING: tuple[Behaviour, ...] = (
    Answer(keys="1", talk_seconds=150),
    Answer(keys="21", talk_seconds=40),
    Answer(keys="9"),
    Answer(),
    Voicemail(greeting="This is a private voicemail, leave a message"),
    NoAnswer(),
    Busy(),
)


def call(scenario: Scenario, caller: str, *, then: float | None = None) -> None:
    scenario.phone(caller).call(NUMBER, talk_seconds=then).wait(30)


def estimate(scenario: Scenario) -> Spending:
    scenario.sandbox.settle()
    spent = estimate_traffic(scenario.services, US, since=0)
    assert spent is not None
    return spent


def assert_close(scenario: Scenario) -> None:
    spent = estimate(scenario)
    charged = scenario.sandbox.account.charged_for_traffic()
    assert charged > 0
    assert abs(spent.cost / charged - 1) <= Decimal("0.05"), (spent, charged)


def test_calls_cost_what_the_carrier_charges(scenario: Scenario) -> None:
    """Taken, refused, met by the guard alone, not answered, and a stranger's."""
    for behaviour in ON_RING:
        scenario.phone(CARL).on_ring = behaviour
        call(scenario, RITA)
    scenario.phone(RITA).on_ring = Answer()
    call(scenario, CARL, then=61)
    call(scenario, STRANGER)
    assert_close(scenario)
    total = scenario.services.store.pools.charges.total("us")
    assert total[Unit.SPEECH] == 5


def test_texts_cost_what_the_carrier_charges(scenario: Scenario) -> None:
    """Of one segment and of several, pictures, refused and failed ones, notices and STOP."""
    sandbox = scenario.sandbox
    for words in ("hello", "a" * 400, "你好" * 50, "“quoted”"):
        scenario.text(RITA, words)
        scenario.text(CARL, words)
        scenario.work()
    scenario.phone(CARL).text(NUMBER, "look", media=(PICTURE,)).wait()
    scenario.phone(RITA).text(NUMBER, "", media=(PICTURE,)).wait()
    scenario.text(STRANGER, "who is this?")
    for status, code in (("failed", 30008), ("undelivered", 30007)):
        sandbox.faults.messages.fail(to=CARL, code=code, status=status, times=1)  # type: ignore[arg-type]
        scenario.text(RITA, f"{status}?")
        scenario.work()
        sandbox.settle()
        scenario.work()
    scenario.text(CARL, "STOP")
    scenario.work()
    assert_close(scenario)


def test_what_reports_did_not_tell_is_charged_once_the_carrier_was_asked(
    scenario: Scenario,
) -> None:
    scenario.sandbox.faults.webhooks.lose(kinds=["message-status"])
    scenario.text(RITA, "hello")
    scenario.work()
    assert estimate(scenario).cost == Decimal("0.0083")
    scenario.ask()
    assert_close(scenario)
