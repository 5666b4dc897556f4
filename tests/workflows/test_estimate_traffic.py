"""What traffic costs by what the relay has seen of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from relay.domain.charges import Charges, Spending, Unit
from relay.domain.gsm7 import count_segments
from relay.domain.opt_out import OptOut
from relay.domain.policy import DAY
from relay.workflows.estimate_traffic import cost_by_unit, estimate_traffic
from relay.workflows.relay_text import relay_text
from relay.workflows.word_answer import word_answer
from tests.workflows.texting import Stage
from tests.world import CARL, NOW, NUMBER, RITA, STRANGER, US


@pytest.fixture
def stage() -> Stage:
    return Stage()


def charged(stage: Stage) -> Charges:
    return stage.store.pools.charges.total("us")


def test_a_text_that_comes_in_is_charged_once_whoever_sent_it(stage: Stage) -> None:
    for sender, segments, media in ((RITA, 3, 0), (CARL, 1, 2), (STRANGER, 2, 0)):
        text = replace(stage.inbound(sender, media=media), segments=segments)
        for _ in range(2):
            relay_text(stage.services, text, now=NOW)
    assert charged(stage) == {Unit.SMS_IN: 5, Unit.MMS_IN: 1}


def test_a_text_to_a_number_that_is_not_ours_is_not_ours_to_pay(stage: Stage) -> None:
    stage.text(number="+14155550199")
    assert charged(stage) == {}


def test_the_carriers_own_answer_to_a_stop_is_charged(stage: Stage) -> None:
    stage.text(CARL, "STOP", opt_out=OptOut.STOP)
    assert charged(stage) == {Unit.SMS_IN: 1, Unit.SMS_OUT: 1}


def test_an_answer_that_goes_back_at_once_is_charged_by_its_segments(stage: Stage) -> None:
    text = stage.inbound(STRANGER)
    for _ in range(2):
        answer = relay_text(stage.services, text, now=NOW)
        words = word_answer(stage.services, answer, number=NUMBER, now=NOW)
    assert charged(stage) == {Unit.SMS_IN: 1, Unit.SMS_OUT: count_segments(words)}


def test_a_day_is_estimated_by_the_prices_of_the_pools_country() -> None:
    stage = Stage(TRAFFIC_PRICES="sms_in=0.01,GB.sms_in=0.05")
    stage.text()
    found = [
        estimate_traffic(stage.services, replace(US, country=c), since=NOW) for c in ("US", "GB")
    ]
    assert found == [
        Spending(since=int(NOW) - 60, sessions=1, cost=Decimal(cost)) for cost in ("0.01", "0.05")
    ]
    assert cost_by_unit(stage.services, US) == {Unit.SMS_IN: Decimal("0.01")}
    assert estimate_traffic(stage.services, US, since=NOW + DAY) is None
