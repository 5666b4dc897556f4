"""A session's end, and its number's next use."""

from __future__ import annotations

from tests.e2e.stage import PEOPLE, eventually


def figures(stage):
    return stage.api.ask("GET", "/v1/pools/us")["figures"]


def is_empty(found):
    return found["open_sessions"] == found["cooling_bindings"] == 0


def test_an_expired_session_frees_its_number_for_the_next_pair(stage):
    session = stage.open(ttl=1)
    closed = eventually(
        lambda: stage.session(session["id"]), lambda found: found["status"] == "closed"
    )
    eventually(lambda: figures(stage), is_empty)

    following = stage.open("nora", "dan")

    assert (closed["closed_reason"], closed["closed_at"]) == ("expired", session["expires_at"])
    assert following["virtual_number"] == session["virtual_number"]


def test_p1_a_late_call_never_reaches_a_stranger(stage):
    session = stage.open(ttl=1)
    eventually(lambda: stage.session(session["id"])["status"], lambda found: found == "closed")
    eventually(lambda: figures(stage), is_empty)
    stage.open("nora", "dan")
    rings = [len(stage.phone(name).rings) for name in PEOPLE]

    for late in ("rita", "carl"):
        trace = stage.phone(late).call(session["virtual_number"]).wait(20)
        assert not trace.bridged

    assert [len(stage.phone(name).rings) for name in PEOPLE] == rings


def test_a_pair_that_comes_back_gets_its_old_number(stage):
    stage.open("nora", "dan")
    session = stage.open()
    stage.api.ask("DELETE", f"/v1/sessions/{session['id']}")

    again = stage.open()

    assert again["id"] != session["id"]
    assert again["virtual_number"] == session["virtual_number"]
    assert again["access_code"] == session["access_code"]


def test_a_new_phone_moves_the_session_on_the_same_number(stage):
    session = stage.open()
    stage.api.ask("PUT", "/v1/candidates/carl", {"phone": stage.number("dan")})

    trace = stage.phone("rita").call(session["virtual_number"]).wait(20)
    late = stage.phone("carl").call(session["virtual_number"]).wait(20)

    assert trace.callee_number == stage.number("dan")
    assert not late.bridged
    stage.api.ask("PUT", "/v1/candidates/carl", {"phone": stage.number("carl")})


def test_an_erased_candidate_is_reached_by_nobody(stage):
    session = stage.open()

    assert stage.api.send("DELETE", "/v1/candidates/carl").status_code == 202

    trace = stage.phone("rita").call(session["virtual_number"]).wait(20)
    assert not trace.bridged
    assert stage.session(session["id"])["closed_reason"] == "erased"
    assert stage.api.send("GET", "/v1/candidates/carl").status_code == 404


def records_at_carrier(stage, number):
    """The sids of texts and calls; those of other tests are of people who are not erased."""
    carrier = stage.carrier
    lists = (carrier.messages, carrier.calls)
    return {
        record.sid for records in lists for record in [*records(to=number), *records(from_=number)]
    }


def test_an_erasure_is_final_when_the_files_are_rewritten_and_the_carrier_has_nothing(stage):
    number = stage.open()["virtual_number"]
    known = records_at_carrier(stage, number)
    stage.phone("rita").call(number).wait(20)
    stage.phone("rita").text(number, "hello").wait()
    stage.phone("carl").wait_for_text()
    asked = stage.api.send("DELETE", "/v1/candidates/carl")
    assert asked.json()["status"] == "pending"

    eventually(
        lambda: stage.api.ask("GET", asked.headers["Location"])["status"],
        lambda status: status == "done",
        seconds=120,
    )
    assert stage.api.send("DELETE", "/v1/candidates/carl").status_code == 204
    assert records_at_carrier(stage, number) <= known
