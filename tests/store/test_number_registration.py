"""What is found out about a number's registration, beside what carriers refuse its texts with."""

from __future__ import annotations

import pytest

from relay.domain.message_progress import MessageStatus
from relay.domain.pool import VirtualNumber
from relay.domain.registration import Registered, Registration
from relay.store.store import Store
from tests.store.test_messages import Texts
from tests.world import NOW, NUMBER, Pair

UNREGISTERED, UNFIT = 30034, 21606


@pytest.fixture
def texts(store: Store) -> Texts:
    return Texts(Pair(store.client, store))


def note(
    texts: Texts, registration: Registration, *, must_wait: bool = False, service: str | None = None
) -> None:
    registered = Registered(
        registration=registration, service=service, must_wait=must_wait, codes=(UNREGISTERED,)
    )
    texts.store.numbers.note_registration(NUMBER, "us", registered, now=NOW)


def refuse(texts: Texts, code: int) -> None:
    _end(texts, MessageStatus.UNDELIVERED, 5, code)


def deliver(texts: Texts) -> None:
    _end(texts, MessageStatus.DELIVERED, 6, 0)


def _end(texts: Texts, status: MessageStatus, rank: int, code: int) -> None:
    message = texts.accepted()
    texts.begin(message, message, NOW + 1)
    texts.report(message, status, rank, attempt=message, code=code)


def on_record(texts: Texts) -> VirtualNumber:
    found = texts.store.numbers.get(NUMBER)
    assert found is not None
    return found


def trouble(texts: Texts) -> int | str | None:
    found = on_record(texts)
    return "waits" if found.waits_for_registration else found.sms_trouble and found.sms_trouble.code


def test_what_is_not_known_takes_nothing_back(texts: Texts) -> None:
    note(texts, Registration.NO_CAMPAIGN, must_wait=True, service="MG1")
    note(texts, Registration.UNKNOWN)
    found = on_record(texts)
    assert (found.registration, found.service) == (Registration.NO_CAMPAIGN, "MG1")
    assert trouble(texts) == "waits"

    note(texts, Registration.NO_SERVICE, must_wait=True, service="")
    assert on_record(texts).service == ""


def test_a_number_that_becomes_registered_is_forgiven_what_that_has_mended(texts: Texts) -> None:
    note(texts, Registration.NO_CAMPAIGN)
    refuse(texts, UNREGISTERED)
    note(texts, Registration.NO_CAMPAIGN)
    assert trouble(texts) == UNREGISTERED
    note(texts, Registration.REGISTERED)
    assert on_record(texts).is_sms_ready


@pytest.mark.parametrize("code", [UNREGISTERED, UNFIT])
def test_a_carrier_that_refuses_all_the_same_is_believed(texts: Texts, code: int) -> None:
    note(texts, Registration.REGISTERED)
    refuse(texts, code)
    note(texts, Registration.REGISTERED)
    assert trouble(texts) == code


def test_what_registration_does_not_mend_stays(texts: Texts) -> None:
    note(texts, Registration.NO_CAMPAIGN, must_wait=True)
    refuse(texts, UNFIT)
    assert trouble(texts) == "waits"
    note(texts, Registration.REGISTERED)
    assert trouble(texts) == UNFIT


def test_a_text_that_arrives_registers_no_number(texts: Texts) -> None:
    note(texts, Registration.NO_CAMPAIGN, must_wait=True)
    deliver(texts)
    assert trouble(texts) == "waits"
    note(texts, Registration.NO_CAMPAIGN)
    assert trouble(texts) is None


@pytest.mark.parametrize("is_refused_first", [True, False])
def test_nothing_but_its_registration_ends_the_wait_of_a_number(
    texts: Texts, is_refused_first: bool
) -> None:
    if is_refused_first:
        refuse(texts, UNFIT)
    note(texts, Registration.NO_CAMPAIGN, must_wait=True)
    if not is_refused_first:
        refuse(texts, UNFIT)
    deliver(texts)
    assert trouble(texts) == "waits"
    assert not texts.store.numbers.trust_texts(NUMBER, "us")
    assert texts.store.client.getbit(texts.store.keys.in_pool("us").sms_unready, 0) == 1
    note(texts, Registration.REGISTERED)
    assert on_record(texts).is_sms_ready
    assert texts.store.client.getbit(texts.store.keys.in_pool("us").sms_unready, 0) == 0


def test_a_text_of_before_the_last_refusal_ends_no_trouble(texts: Texts) -> None:
    refuse(texts, UNFIT)
    texts.store.client.hset(
        texts.store.keys.in_pool("us").number(NUMBER), "sms_refused_at", int(NOW) + 20
    )
    assert texts.store.numbers.trust_texts(NUMBER, "us", sent_at=NOW + 10)
    assert trouble(texts) == UNFIT
    assert texts.store.numbers.trust_texts(NUMBER, "us", sent_at=NOW + 30)
    assert trouble(texts) is None


def test_what_an_operator_is_refused_changes_nothing(texts: Texts) -> None:
    refuse(texts, UNFIT)
    note(texts, Registration.NO_CAMPAIGN, must_wait=True)
    assert not texts.store.numbers.trust_texts(NUMBER, "us")
    note(texts, Registration.NO_CAMPAIGN)
    assert trouble(texts) == UNFIT


def test_numbers_of_other_pools_are_passed_over(texts: Texts) -> None:
    registered = Registered(registration=Registration.REGISTERED)
    texts.store.numbers.note_registration("+14155550199", "us", registered, now=NOW)
    assert texts.store.numbers.get("+14155550199") is None
