"""Where a person has stopped texts, and how an operator lifts it."""

from datetime import UTC, datetime

import pytest
import time_machine

from relay.domain.api_key import Scope
from relay.domain.registration import Registered
from relay.store.store import Store
from tests.key_ring import SIGNER
from tests.web.api import CANDIDATE, RECRUITER, make_api
from tests.world import CARL, NORA, NUMBER, OTHER_NUMBER, RITA

SERVICE, OTHER_SERVICE = "MG" + "1" * 32, "MG" + "2" * 32
START = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
NOW = START.timestamp()
PEOPLE = [("candidates", "c-77", CARL), ("recruiters", "r-1001", RITA)]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False):
        yield


def stop(api, phone=CARL, number=NUMBER, *, since=NOW, cause="SM1"):
    indexes = api.world.services.vault.indexes_of(phone)
    api.world.services.store.suppressions.stop(indexes, number, since=since, cause=cause)


def is_stopped(api, phone=CARL, number=NUMBER):
    indexes = api.world.services.vault.indexes_of(phone)
    return api.world.services.store.suppressions.is_stopped(indexes, number)


def listed(api, path="/v1/candidates/c-77"):
    answer = api.get(f"{path}/suppressions")
    assert answer.status_code == 200
    return answer.json["data"]


@pytest.mark.parametrize(("kind", "ref", "phone"), PEOPLE)
def test_a_stop_is_listed_and_lifted(api, kind, ref, phone):
    session = api.open_session()
    path = f"/v1/{kind}/{ref}"
    assert listed(api, path) == []
    stop(api, phone)

    [found] = listed(api, path)
    assert (found["virtual_number"], found["messaging_service"]) == (NUMBER, None)
    assert (found["said_at"], found["offered_again_at"]) == (
        "2026-11-27T12:00:00Z",
        "2026-12-04T12:00:00Z",
    )
    assert api.delete(f"{path}/suppressions/{NUMBER}").status_code == 204
    assert not is_stopped(api, phone)
    assert listed(api, path) == []
    assert api.get(f"/v1/sessions/{session['id']}").json["sms_suspended"] is False
    assert api.delete(f"{path}/suppressions/{NUMBER}").status_code == 404


@pytest.mark.parametrize("place", [SERVICE, NUMBER, "+1 415-555-0192"])
def test_a_stop_to_a_service_is_lifted_by_its_sid_or_a_number(place):
    api = make_api(TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    api.open_session()
    stop(api)

    [found] = listed(api)
    assert (found["virtual_number"], found["messaging_service"]) == (None, SERVICE)
    assert api.delete(f"/v1/candidates/c-77/suppressions/{OTHER_NUMBER}").status_code == 404
    assert is_stopped(api)
    assert api.delete(f"/v1/candidates/c-77/suppressions/{place}").status_code == 204
    assert not is_stopped(api)


def test_a_number_is_freed_of_its_own_stop_and_its_service_s():
    api = make_api(TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    api.open_session()
    stop(api)
    out_of_service = Store(api.redis, SIGNER).suppressions
    carl = api.world.services.vault.indexes_of(CARL)
    out_of_service.stop(carl, NUMBER, since=NOW, cause="SM2")

    assert len(listed(api)) == 2
    assert api.delete(f"/v1/candidates/c-77/suppressions/{NUMBER}").status_code == 204
    assert listed(api) == []


def test_p2_a_stop_to_a_service_is_told_where_they_have_a_session_on_a_number_of_it():
    """With two services: the stop that was said to the other one is nobody's business here."""
    api = make_api(TWILIO_MESSAGING_SERVICE_SID=f"{OTHER_SERVICE},{SERVICE}")
    api.open_session()
    numbers = api.world.services.store.numbers
    numbers.note_registration(NUMBER, "us", Registered(service=SERVICE), now=NOW)
    stop(api, number=OTHER_NUMBER)

    assert listed(api) == []
    for place in (OTHER_SERVICE, NUMBER):
        assert api.delete(f"/v1/candidates/c-77/suppressions/{place}").status_code == 404
    stop(api)
    assert [found["messaging_service"] for found in listed(api)] == [SERVICE]
    assert api.delete(f"/v1/candidates/c-77/suppressions/{NUMBER}").status_code == 204
    assert (is_stopped(api), is_stopped(api, number=OTHER_NUMBER)) == (False, True)


@pytest.mark.parametrize("service", ["", SERVICE])
def test_p2_a_stop_from_before_somebody_was_put_on_record_is_neither_listed_nor_lifted(service):
    """It would say of a guessed phone that it has been somebody's."""
    api = make_api(TWILIO_MESSAGING_SERVICE_SID=service)
    stop(api, since=NOW - 1)
    api.open_session()

    assert listed(api) == []
    for place in (NUMBER, SERVICE):
        assert api.delete(f"/v1/candidates/c-77/suppressions/{place}").status_code == 404
    assert is_stopped(api), "it holds all the same"


def test_p2_a_refusal_of_the_carrier_s_does_not_make_an_old_stop_a_new_one(api):
    stop(api, since=NOW - 1)
    api.open_session()
    services = api.world.services
    services.store.suppressions.note_refused(
        services.vault.indexes_of(CARL), NUMBER, attempted_at=NOW + 5, cause="us.SM2"
    )
    assert listed(api) == []


@pytest.mark.parametrize("service", ["", SERVICE])
def test_p2_a_phone_on_record_without_a_session_tells_nothing_of_its_stops(service):
    """A guess that is put on record must not wait for its owner's STOP."""
    api = make_api(TWILIO_MESSAGING_SERVICE_SID=service)
    api.open_session()
    api.put("/v1/recruiters/a-guess", {"phone": CARL})
    stop(api)

    assert listed(api, "/v1/recruiters/a-guess") == []
    answer = api.delete(f"/v1/recruiters/a-guess/suppressions/{NUMBER}")
    assert answer.status_code == 404
    assert is_stopped(api)


def test_p2_a_new_phone_s_stops_are_not_the_person_s(api):
    api.open_session()
    stop(api)
    stop(api, NORA, since=NOW - 1)

    api.put("/v1/candidates/c-77", {"phone": NORA})
    assert listed(api) == []
    assert api.delete(f"/v1/candidates/c-77/suppressions/{NUMBER}").status_code == 404
    assert is_stopped(api, NORA)


def test_a_list_goes_on_at_its_cursor(api):
    api.put("/v1/pools/us", {"country": "US"})
    api.post("/v1/numbers", {"phone_number": OTHER_NUMBER, "pool": "us"})
    api.open_session()
    other = api.open_session(recruiter={**RECRUITER, "ref": "r-2", "phone": NORA})
    assert other["virtual_number"] == OTHER_NUMBER
    for number in (NUMBER, OTHER_NUMBER):
        stop(api, number=number)

    first = api.get("/v1/candidates/c-77/suppressions?limit=1").json
    second = api.get(f"/v1/candidates/c-77/suppressions?cursor={first['next_cursor']}").json
    assert [each["virtual_number"] for each in first["data"] + second["data"]] == [
        NUMBER,
        OTHER_NUMBER,
    ]
    assert second["next_cursor"] is None


def test_nobody_s_stops_are_404_and_a_key_needs_the_scope(api):
    api.put("/v1/candidates/c-77", {"phone": CANDIDATE["phone"]})
    assert api.get("/v1/candidates/c-78/suppressions").status_code == 404
    assert api.delete(f"/v1/candidates/c-78/suppressions/{NUMBER}").status_code == 404
    key = api.key_with(Scope.SESSIONS, Scope.NUMBERS)
    path = "/v1/candidates/c-77/suppressions"
    assert api.get(path, key=key).status_code == 403
    assert api.delete(f"{path}/{NUMBER}", key=key).status_code == 403
