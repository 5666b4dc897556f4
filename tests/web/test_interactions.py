"""``/v1/sessions/{id}/interactions``: calls and messages, never what was said or written."""

import pytest
import time_machine

from relay.carrier.webhooks import InboundText
from relay.domain.call_progress import CallProgress, CallStatus
from relay.domain.participant import Role
from relay.store.calls import CallLimits, IncomingCall, call_id
from relay.workflows.relay_text import relay_text
from tests.key_ring import marks_of
from tests.world import CARL, NUMBER, RITA

NOW = 1_790_000_000
LEASE = 4000


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def call(api, caller, sid, *, at):
    services = api.world.services
    return services.store.calls.route(
        "us",
        IncomingCall(
            sid=sid,
            virtual_number=NUMBER,
            caller_indexes=services.vault.indexes_of(caller),
            attestation="A",
            marks=marks_of(sid),
        ),
        limits=CallLimits(lease=LEASE, repeatable=60, retention=86_400),
        now=at,
    )


def text(api, sender, sid, *, at):
    inbound = InboundText(message_sid=sid, sender=sender, virtual_number=NUMBER, body="hello")
    return relay_text(api.world.services, inbound, now=at)


def test_a_page_goes_on_where_the_record_of_a_call_is_gone(api):
    session = api.open_session()
    for nth in (1, 2, 3):
        call(api, RITA, f"CA{nth}", at=NOW + nth)
    api.redis.delete("{main}:call:CA3")

    found, cursor = [], ""
    for _ in range(3):
        page = api.get(f"/v1/sessions/{session['id']}/interactions?limit=1{cursor}").json
        found += [one["id"] for one in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
        if page["next_cursor"] is None:
            break
    assert found == [call_id("us", "CA2"), call_id("us", "CA1")]


def test_calls_and_messages_are_listed_the_latest_first(api):
    session = api.open_session()
    call(api, RITA, "CA1", at=NOW + 1)
    text(api, CARL, "SM1", at=NOW + 2)
    api.world.services.store.calls.advance(
        call_id("us", "CA1"),
        CallProgress(status=CallStatus.COMPLETED, rank=40, duration=33, has_ended=True),
        now=NOW + 40,
        virtual_number=NUMBER,
    )

    answer = api.get(f"/v1/sessions/{session['id']}/interactions")

    assert answer.status_code == 200
    assert answer.json["next_cursor"] is None
    message, the_call = answer.json["data"]
    assert the_call == {
        "id": "us.CA1",
        "kind": "call",
        "direction": "to_candidate",
        "status": "completed",
        "outcome": "they talked",
        "session": session["id"],
        "recruiter": "r-1001",
        "candidate": "c-77",
        "virtual_number": NUMBER,
        "started_at": "2026-09-21T14:13:21Z",
        "entered_by": "phone",
        "duration": 33,
        "attestation": "A",
    }
    assert message["id"] == "us.SM1"
    assert message["kind"] == "message"
    assert message["direction"] == "to_recruiter"
    assert message["status"] in {"received", "queued"}
    assert message["started_at"] == "2026-09-21T14:13:22Z"
    assert message["media"] == 0
    assert "hello" not in answer.text
    last = api.get(f"/v1/sessions/{session['id']}").json["last_interaction_at"]
    assert last == message["started_at"]


def test_a_session_without_any_has_an_empty_list(api):
    session = api.open_session()

    answer = api.get(f"/v1/sessions/{session['id']}/interactions")

    assert answer.json == {"data": [], "next_cursor": None}


def test_pages_hold_each_interaction_once(api):
    session = api.open_session()
    for minute in range(7):
        call(api, (RITA, CARL)[minute % 2], f"CA{minute}", at=NOW + 60 * minute)
    seen = []
    cursor = ""
    while cursor is not None:
        path = f"/v1/sessions/{session['id']}/interactions?limit=3&cursor={cursor}"
        page = api.get(path).json
        assert len(page["data"]) <= 3
        seen += [interaction["id"] for interaction in page["data"]]
        cursor = page["next_cursor"]

    assert seen == [f"us.CA{minute}" for minute in reversed(range(7))]


def test_a_record_whose_retention_is_over_is_left_out(api):
    session = api.open_session()
    call(api, RITA, "CA1", at=NOW + 1)
    text(api, CARL, "SM1", at=NOW + 2)
    for key in api.redis.keys("{main}:call:*") + api.redis.keys("{main}:message:*"):
        api.redis.delete(key)

    assert api.get(f"/v1/sessions/{session['id']}/interactions").json["data"] == []


@pytest.mark.parametrize(
    ("receiver", "direction"),
    [(Role.CANDIDATE, "to_candidate"), (Role.RECRUITER, "to_recruiter")],
)
def test_a_call_has_its_direction(api, receiver, direction):
    session = api.open_session()
    call(api, RITA if receiver is Role.CANDIDATE else CARL, "CA1", at=NOW + 1)

    (the_call,) = api.get(f"/v1/sessions/{session['id']}/interactions").json["data"]

    assert the_call["direction"] == direction
    assert "duration" not in the_call
