from __future__ import annotations

from dataclasses import replace

import pytest

from relay.carrier.messages import ListedText
from relay.domain.errors import CarrierError
from relay.domain.session import ClosedReason
from relay.workflows.reconcile_inbound import FIRST_LOOK, OVERLAP, reconcile_inbound
from tests.pair import CARL, NOW, RITA, STRANGER, US
from tests.workflows.texting import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


def listed(stage: Stage, *bodies: str, sender: str = RITA, age: float = 30) -> None:
    """The carrier's list, newest first."""
    for body in bodies:
        text = ListedText(text=stage.inbound(sender, body), received_at=NOW - age)
        stage.carrier.messages.inbound.insert(0, text)


def test_what_came_in_while_we_were_away_is_taken_on_in_order(stage: Stage) -> None:
    listed(stage, "one", "two")
    assert reconcile_inbound(stage.services, now=NOW) == 2
    stage.work()
    assert stage.arrived == [(CARL, "one"), (CARL, "two")]


def test_what_we_have_seen_is_not_taken_on_again(stage: Stage) -> None:
    listed(stage, "one")
    for expected in (1, 0):
        assert reconcile_inbound(stage.services, now=NOW) == expected


def test_a_run_looks_back_behind_the_last_good_one(stage: Stage) -> None:
    reconcile_inbound(stage.services, now=NOW)
    reconcile_inbound(stage.services, now=NOW + 60)
    assert stage.carrier.messages.listed_since == [NOW - FIRST_LOOK - OVERLAP, NOW - OVERLAP]


def test_a_run_that_failed_is_made_up_for_by_the_next(stage: Stage) -> None:
    reconcile_inbound(stage.services, now=NOW)
    stage.carrier.messages.list_trouble = CarrierError(20500, retryable=True)
    assert reconcile_inbound(stage.services, now=NOW + 60) == 0
    stage.carrier.messages.list_trouble = None
    reconcile_inbound(stage.services, now=NOW + 120)
    assert stage.carrier.messages.listed_since[-1] == NOW - OVERLAP


def test_who_texted_a_closed_session_meanwhile_is_told_by_text_once(stage: Stage) -> None:
    stage.store.sessions.close(stage.pair.session.id, US, ClosedReason.BY_API, now=NOW - 40)
    listed(stage, "one", "two")
    for _ in range(2):
        reconcile_inbound(stage.services, now=NOW)
    stage.work()
    assert [to for to, _ in stage.arrived] == [RITA]
    assert "no longer connects you" in stage.arrived[0][1]


def test_a_notice_that_is_there_already_is_not_enqueued_again(stage: Stage) -> None:
    stage.store.sessions.close(stage.pair.session.id, US, ClosedReason.BY_API, now=NOW - 40)
    listed(stage, "one")
    reconcile_inbound(stage.services, now=NOW)
    stage.jobs.take()
    for key in stage.client.keys("*told*"):
        stage.client.delete(key)
    reconcile_inbound(stage.services, now=NOW)
    assert stage.jobs.noted == []


def test_a_stranger_s_old_text_is_left_alone(stage: Stage) -> None:
    listed(stage, "hello?", sender=STRANGER)
    assert reconcile_inbound(stage.services, now=NOW) == 0
    assert stage.jobs.noted == []


def test_a_stop_that_we_missed_counts_from_when_it_was_said(stage: Stage) -> None:
    listed(stage, "STOP", sender=CARL, age=90)
    stage.text(CARL, "STOP")
    stage.text(CARL, "START")
    reconcile_inbound(stage.services, now=NOW)
    assert not stage.store.suppressions.is_stopped(
        stage.pair.vault.indexes_of(CARL), "+14155550142"
    )


def test_a_text_to_a_pool_that_is_away_is_taken_on_by_the_next_run(stage: Stage) -> None:
    """P4: those to the other pools do not wait for it."""
    client = stage.services.store.client
    away = "+14155550149"
    client.hset("numbers", away, "ca")
    client.set("{ca}:numbers", "not a hash, which fails as a lost master does")
    listed(stage, "one")
    lost = replace(stage.inbound(RITA, "two"), virtual_number=away)
    stage.carrier.messages.inbound.insert(0, ListedText(text=lost, received_at=NOW - 20))
    listed(stage, "three")

    assert reconcile_inbound(stage.services, now=NOW) == 2
    assert stage.services.store.messages.reconciled_until() is None
    client.delete("{ca}:numbers")
    assert reconcile_inbound(stage.services, now=NOW + 60) == 0
    assert stage.services.store.messages.reconciled_until() == NOW + 60
