"""``/v1/recruiters`` and ``/v1/candidates``, as far as HTTP goes; the rules have tests of their own
in tests/workflows."""

import time

import pytest

from relay.domain.participant import Role
from relay.workflows.erase_at_carrier import erase_at_carrier
from tests.web.api import pointers
from tests.world import CARL, DAN, NUMBER, RITA

RECRUITER = {"phone": RITA, "name": "Rita", "organization": "Acme", "locale": "en"}
CANDIDATE = {"phone": CARL, "locale": "zh-CN", "time_zone": "Asia/Shanghai"}


def test_a_recruiter_is_put_on_record_and_changed(api):
    new = api.put("/v1/recruiters/r-1", RECRUITER)
    changed = api.put("/v1/recruiters/r-1", {"phone": RITA, "name": "Rita R."})

    assert new.status_code == 201
    assert changed.status_code == 200
    assert changed.json == new.json | {
        "name": "Rita R.",
        "updated_at": changed.json["updated_at"],
    }
    assert api.get("/v1/recruiters/r-1").json == changed.json
    recruiter = new.json
    assert recruiter.pop("created_at") == recruiter.pop("updated_at")
    assert recruiter == {
        "ref": "r-1",
        "phone_hint": "+1 ••• ••• ••01",
        "name": "Rita",
        "organization": "Acme",
        "locale": "en",
        "screen_calls": False,
        "sms": "ok",
        "status": "active",
    }


def test_a_candidate_is_put_on_record(api):
    answer = api.put("/v1/candidates/c-1", CANDIDATE)

    assert answer.status_code == 201
    assert answer.json["phone_hint"] == "+1 ••• ••• ••27"
    assert answer.json["locale"] == "zh-CN"
    assert answer.json["time_zone"] == "Asia/Shanghai"
    assert api.get("/v1/candidates/c-1").json == answer.json


def test_a_candidates_guard_is_theirs_to_choose_and_stays(api):
    new = api.put("/v1/candidates/c-1", CANDIDATE).json
    assert (new["guard"], new["guard_style"]) == ("keys", "discreet")

    api.put("/v1/candidates/c-1", CANDIDATE | {"guard_style": "named"})
    off = api.put("/v1/candidates/c-1", CANDIDATE | {"guard": "none"}).json
    assert (off["guard"], off["guard_style"]) == ("none", "named")
    assert api.get("/v1/candidates/c-1").json == off
    again = api.put("/v1/candidates/c-1", CANDIDATE | {"guard": "keys"}).json
    assert (again["guard"], again["guard_style"]) == ("keys", "named")


def test_a_recruiters_guard_is_theirs_to_choose(api):
    recruiter = {"phone": RITA}
    assert api.put("/v1/recruiters/r-1", recruiter | {"screen_calls": True}).json["screen_calls"]
    assert api.put("/v1/recruiters/r-1", recruiter).json["screen_calls"]
    off = api.put("/v1/recruiters/r-1", recruiter | {"screen_calls": False})
    assert off.json["screen_calls"] is False


@pytest.mark.parametrize("kind", ["recruiters", "candidates"])
def test_somebody_unknown_gets_404(api, kind):
    assert api.get(f"/v1/{kind}/nobody").status_code == 404
    assert api.get(f"/v1/{kind}/not a ref").status_code == 404


@pytest.mark.parametrize("kind", ["recruiters", "candidates"])
@pytest.mark.parametrize(
    ("ref", "body", "pointer"),
    [
        ("r 1", {"phone": RITA}, "/ref"),
        ("x" * 65, {"phone": RITA}, "/ref"),
        (f"r-{RITA[1:]}", {"phone": RITA}, "/ref"),
        ("r-1", {}, "/phone"),
        ("r-1", {"phone": None}, "/phone"),
        ("r-1", {"phone": 12125550101}, "/phone"),
        ("r-1", {"phone": "911"}, "/phone"),
        ("r-1", {"phone": "anonymous"}, "/phone"),
        ("r-1", {"phone": NUMBER}, "/phone"),
        ("r-1", {"phone": "+" + "1" * 60}, "/phone"),
        ("r-1", {"phone": RITA, "locale": "english"}, "/locale"),
        ("r-1", {"phone": RITA, "renumber": "yes"}, "/renumber"),
        ("r-1", {"phone": RITA, "email": "rita@example.com"}, "/email"),
    ],
)
def test_what_is_not_valid_gets_422(api, kind, ref, body, pointer):
    answer = api.put(f"/v1/{kind}/{ref}", body)

    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [pointer]


def test_two_candidates_cannot_have_one_phone_unless_it_is_taken_over(api):
    api.put("/v1/candidates/c-1", {"phone": CARL})

    refused = api.put("/v1/candidates/c-2", {"phone": CARL})
    taken = api.put("/v1/candidates/c-2", {"phone": CARL, "take_over": True})

    assert refused.status_code == 409
    assert refused.json["code"] == "phone_taken"
    assert taken.status_code == 201
    assert api.get("/v1/candidates/c-1").json["status"] == "without_phone"


def test_a_candidate_without_a_phone_gets_no_session(api):
    api.put("/v1/recruiters/r-1", RECRUITER)
    api.put("/v1/candidates/c-1", {"phone": CARL})
    api.put("/v1/candidates/c-2", {"phone": CARL, "take_over": True})

    answer = api.post("/v1/sessions", {"recruiter": "r-1", "candidate": "c-1"})

    assert answer.status_code == 409
    assert answer.json["code"] == "conflict"


def test_a_new_phone_takes_over_the_open_sessions(api):
    session = api.open_session()

    answer = api.put("/v1/candidates/c-77", {"phone": DAN})

    assert answer.status_code == 200
    assert answer.json["phone_hint"] == "+1 ••• ••• ••38"
    assert api.get(f"/v1/sessions/{session['id']}").json["status"] == "open"


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.RECRUITER, "/v1/recruiters/r-1001"), (Role.CANDIDATE, "/v1/candidates/c-77")],
)
def test_an_erased_person_is_gone_and_their_sessions_are_closed(api, role, path):
    session = api.open_session()

    assert api.get(f"{path}/erasure").status_code == 404
    erased = api.delete(path)
    assert erased.status_code == 202
    assert erased.headers["Location"] == f"{path}/erasure"
    assert erased.json["status"] == "pending"
    assert api.get(f"{path}/erasure").json == erased.json
    assert api.delete(path).json == erased.json
    assert api.get(path).status_code == 404
    closed = api.get(f"/v1/sessions/{session['id']}").json
    assert closed["status"] == "closed"
    assert closed["closed_reason"] == "erased"
    assert api.world.services.store.people.get(role, path.rpartition("/")[2]) is None

    erasures = api.world.services.store.erasures
    erasures.note_final(erasures.latest_pending())
    assert api.get(f"{path}/erasure").json["status"] == "pending_carrier"
    assert api.delete(path).status_code == 202
    erase_at_carrier(api.world.services, clock=time.time)
    assert api.get(f"{path}/erasure").json["status"] == "done"
    assert api.delete(path).status_code == 204


def test_after_an_erasure_the_ended_session_stays_without_name_or_phone(api):
    session = api.open_session(context="Backend engineer")
    api.delete("/v1/recruiters/r-1001")

    (listed,) = api.get("/v1/sessions?recruiter=r-1001").json["data"]
    assert (listed["id"], listed["status"]) == (session["id"], "closed")
    assert listed["context"] == "Backend engineer"
    assert RECRUITER["name"] not in str(listed)


def test_an_erasure_is_told_of_when_the_ref_is_on_record_again(api):
    api.put("/v1/candidates/c-77", {"phone": CARL})
    erased = api.delete("/v1/candidates/c-77").json

    assert api.put("/v1/candidates/c-77", {"phone": DAN}).status_code == 201
    assert api.get("/v1/candidates/c-77/erasure").json == erased
