"""Texts with the real SDK over real HTTP, webhooks included; only the clock of the worker jumps."""

from __future__ import annotations

import time

import pytest

from relay.sandbox.texts.opt_out import Word
from relay.workflows.import_number import import_number
from relay.workflows.reconcile_inbound import reconcile_inbound
from relay.workflows.reconcile_numbers import reconcile_numbers
from tests.sandbox.scenario import TIMEOUT, Scenario
from tests.world import CARL, NUMBER, OTHER_NUMBER, RITA, STRANGER

pytestmark = pytest.mark.slow


def test_texts_go_both_ways_and_show_the_virtual_number(scenario: Scenario) -> None:
    """P2"""
    scenario.text(RITA, "Can you come at 10? 👋")
    scenario.text(CARL, "YES")
    scenario.work()
    assert scenario.shown(CARL) == ["Can you come at 10? 👋"]
    assert scenario.shown(RITA) == ["YES"]
    assert {text.sender for text in scenario.phone(CARL).texts} == {NUMBER}
    assert list(scenario.stage.client.keys("*:body:*")) == []


@pytest.mark.parametrize("loses_reports", [False, True])
def test_a_lost_answer_never_means_a_second_text(scenario: Scenario, loses_reports: bool) -> None:
    """P4"""
    if loses_reports:
        scenario.sandbox.faults.webhooks.lose(kinds=["message-status"], times=2)
    scenario.sandbox.faults.rest.next(lost_reply=True, method="POST", path_contains="Messages")
    for _ in range(2):
        scenario.text(RITA, "ok")
    scenario.work()
    scenario.sandbox.settle()
    scenario.work()
    scenario.wake()
    assert scenario.shown(CARL) == ["ok", "ok"]


def test_a_lost_request_is_sent_again_once(scenario: Scenario) -> None:
    """P4"""
    scenario.sandbox.faults.rest.next(timeout=TIMEOUT * 2, method="POST", path_contains="Messages")
    scenario.text(RITA, "one")
    scenario.text(RITA, "two")
    scenario.work()
    assert scenario.shown(CARL) == []
    scenario.wake()
    assert scenario.shown(CARL) == ["one", "two"]


def test_webhooks_that_come_twice_are_one_text(scenario: Scenario) -> None:
    """P4"""
    scenario.sandbox.faults.webhooks.duplicate(times=2, kinds=["message", "message-status"])
    scenario.text(RITA, "hello")
    scenario.work()
    assert scenario.shown(CARL) == ["hello"]


def test_a_stop_at_the_carrier_is_ours_too(scenario: Scenario) -> None:
    scenario.text(CARL, "STOP")
    scenario.text(RITA, "hello?")
    scenario.work()
    assert scenario.sandbox.suppressed(CARL, NUMBER)
    assert not any(
        request.to == CARL
        for request in scenario.sandbox.messages(to=CARL, from_=NUMBER)
        if request.body == "hello?"
    )
    assert [("has stopped texts" in text) for text in scenario.shown(RITA)] == [True, True]
    scenario.text(CARL, "START")
    scenario.text(RITA, "hello again")
    scenario.work()
    assert scenario.shown(CARL)[-1] == "hello again"


def test_a_service_s_own_words_stop_and_start_as_the_carrier_says(scenario: Scenario) -> None:
    number = scenario.sandbox.account.number(NUMBER)
    assert number is not None
    words: dict[str, Word] = {"Alto": "STOP", "Alta": "START", "Ayuda": "HELP"}
    scenario.sandbox.add_service(
        numbers=(number,), keywords=words, use_inbound_webhook_on_number=True
    )
    for word in ("ayuda", "alto"):
        scenario.text(CARL, word)
    scenario.text(RITA, "hello?")
    scenario.text(CARL, "ALTA")
    scenario.text(RITA, "hello again")
    assert reconcile_inbound([scenario.services], clock=time.time) == 0
    scenario.work()
    assert scenario.shown(CARL)[-1] == "hello again"
    assert not {"ayuda", "alto", "ALTA"} & {*scenario.shown(RITA)}


def test_a_stranger_gets_one_polite_sentence(scenario: Scenario) -> None:
    scenario.text(STRANGER, "who is this?")
    scenario.text(STRANGER, "hello?")
    [words] = scenario.shown(STRANGER)
    assert "does not connect you" in words


def test_what_came_in_during_an_outage_is_fetched(scenario: Scenario) -> None:
    """P4"""
    scenario.sandbox.faults.webhooks.lose(kinds=["message"], times=2)
    scenario.text(RITA, "one")
    scenario.text(RITA, "two")
    assert scenario.stage.jobs.noted == []
    assert reconcile_inbound([scenario.services], clock=time.time) == 2
    scenario.work()
    assert sorted(scenario.shown(CARL)) == ["one", "two"]


def test_a_failure_told_by_report_reaches_the_sender(scenario: Scenario) -> None:
    scenario.sandbox.faults.messages.fail(to=CARL, code=30007)
    scenario.text(RITA, "buy now")
    scenario.work()
    scenario.sandbox.settle()
    scenario.work()
    [words] = scenario.shown(RITA)
    assert "could not be delivered" in words


def test_phones_that_answer_by_themselves_come_to_rest(scenario: Scenario) -> None:
    scenario.phone(RITA).auto_reply = "I am driving"
    scenario.phone(CARL).auto_reply = "Out of office"
    scenario.text(RITA, "Are you there?")
    before = -1
    while len(scenario.sandbox.messages()) != before:
        before = len(scenario.sandbox.messages())
        scenario.wake()
        scenario.sandbox.settle()
    scenario.phone(RITA).auto_reply = scenario.phone(CARL).auto_reply = ""
    assert len(scenario.shown(RITA)) + len(scenario.shown(CARL)) <= 10


@pytest.mark.parametrize(("code", "status"), [(0, "delivered"), (30007, "undelivered")])
def test_p4_a_text_whose_reports_are_lost_ends_all_the_same(
    scenario: Scenario, code: int, status: str
) -> None:
    if code:
        scenario.sandbox.faults.messages.fail(to=CARL, code=code)
    scenario.sandbox.faults.webhooks.lose(kinds=["message-status"])
    scenario.text(RITA, "hello")
    scenario.work()
    scenario.sandbox.settle()
    [message] = scenario.stage.client.zrange("{main}:unreported", 0, -1)
    assert scenario.stage.record(message).status == "queued"
    assert scenario.ask() == 1
    assert scenario.stage.record(message).status == status
    assert len(scenario.shown(RITA)) == bool(code)


def test_p4_a_suspended_account_loses_no_text(scenario: Scenario) -> None:
    scenario.sandbox.faults.rest.suspend(60)
    scenario.text(RITA, "hello")
    scenario.work()
    scenario.wake()
    assert scenario.shown(CARL) == []
    scenario.sandbox.faults.rest.clear()
    scenario.wake()
    assert scenario.shown(CARL) == ["hello"]
    assert scenario.shown(RITA) == []


def test_p4_a_text_on_a_lost_number_goes_out_by_the_next_one(scenario: Scenario) -> None:
    """The carrier refuses it, and has the number no more: both are told from another one."""
    scenario.sandbox.add_number(OTHER_NUMBER)
    for number in (NUMBER, OTHER_NUMBER):
        import_number(scenario.services, number, "us", now=time.time())
    scenario.text(RITA, "Can you come at 10?")
    lost = scenario.sandbox.account.number(NUMBER)
    assert lost is not None
    scenario.sandbox.account.remove_number(lost)

    scenario.work()
    assert scenario.stage.jobs.comparisons == 1
    reconcile_numbers([scenario.services], clock=time.time)
    scenario.work()
    scenario.ahead += 61
    scenario.wake()

    told, text = scenario.shown(CARL)
    assert told.startswith("JobBoard: your number for this contact is now this one.")
    assert text == "Can you come at 10?"
    assert scenario.shown(RITA) == [told]
    assert {text.sender for text in scenario.phone(CARL).texts} == {OTHER_NUMBER}
    scenario.phone(CARL).text(OTHER_NUMBER, "YES").wait()
    scenario.work()
    assert scenario.shown(RITA)[-1] == "YES"
