"""``/v1/interactions``: who called and wrote to whom, through the whole board."""

import csv
import io

import pytest
import time_machine

from relay.carrier.webhooks import InboundText
from relay.domain.api_key import Scope
from relay.domain.board import Board
from relay.domain.call_progress import CallProgress, CallStatus
from relay.domain.interaction import Interaction, InteractionKind
from relay.domain.message_progress import MessageStatus
from relay.domain.texts import StatusReport
from relay.store.calls import CallLimits, IncomingCall, call_id
from relay.store.interactions import Place
from relay.store.keys import BoardKeys
from relay.web.interactions import as_cell
from relay.workflows import list_interactions as workflow
from relay.workflows.recycle import recycle
from relay.workflows.relay_text import relay_text
from tests.architecture.source import ROOT
from tests.key_ring import marks_of
from tests.web.api import make_api
from tests.world import CARL, DAN, NORA, NUMBER, OTHER_NUMBER, RETENTION, RITA

NOW = 1_790_000_000
KEYS = BoardKeys("main")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def call(api, caller, sid, *, at, number=NUMBER):
    services = api.world.services
    services.store.calls.route(
        "us",
        IncomingCall(
            sid=sid,
            virtual_number=number,
            caller_indexes=services.vault.indexes_of(caller),
            attestation="A",
            marks=marks_of(sid),
        ),
        limits=CallLimits(lease=60, repeatable=60, retention=RETENTION),
        now=at,
    )


def end(api, sid, *, at):
    done = CallProgress(status=CallStatus.COMPLETED, rank=40, duration=33, has_ended=True)
    api.world.services.store.calls.advance(call_id("us", sid), done, now=at, virtual_number=NUMBER)


def text(api, sender, sid, *, at):
    inbound = InboundText(message_sid=sid, sender=sender, virtual_number=NUMBER, body="hello")
    relay_text(api.world.services, inbound, now=at)


@pytest.fixture
def busy():
    """Rita and Nora talk with Carl and Dan."""
    api = make_api()
    services = api.world.services
    services.store.numbers.add(
        OTHER_NUMBER, "us", carrier_sid="PN" + "1" * 32, capabilities="vsm", now=NOW
    )
    people = {"r-1": RITA, "r-2": NORA}, {"c-1": CARL, "c-2": DAN}
    api.sessions = {}
    for recruiter, phone in people[0].items():
        for candidate, their_phone in people[1].items():
            pair = {
                "recruiter": {"ref": recruiter, "phone": phone, "name": "N", "organization": "O"},
                "candidate": {"ref": candidate, "phone": their_phone},
            }
            answer = api.post("/v1/sessions", pair)
            assert answer.status_code == 201, answer.text
            api.sessions[recruiter, candidate] = answer.json
    for minute in range(10):
        for (recruiter, candidate), session in api.sessions.items():
            number = session["virtual_number"]
            call(
                api,
                people[1][candidate],
                f"CA{minute}{recruiter[2]}{candidate[2]}",
                at=NOW + 60 * minute,
                number=number,
            )
    text(api, CARL, "SM1", at=NOW + 100)
    end(api, "CA111", at=NOW + 200)
    return api


def listed(api, query="", *, limit=200):
    """Every page's interactions, one after the other."""
    found, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/v1/interactions?limit={limit}&cursor={cursor}{query}").json
        assert len(page["data"]) <= limit
        found += page["data"]
        cursor = page["next_cursor"]
    return found


def ids(api, query="", *, limit=200):
    return [one["id"] for one in listed(api, query, limit=limit)]


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_all_are_listed_the_latest_first_and_once(busy, limit):
    found = listed(busy, limit=limit)
    assert len(found) == 41
    assert [one["started_at"] for one in found] == sorted(
        (one["started_at"] for one in found), reverse=True
    )
    assert len({one["id"] for one in found}) == 41


def test_each_is_the_same_as_in_its_session(busy):
    by_id = {one["id"]: one for one in listed(busy)}
    for (recruiter, candidate), session in busy.sessions.items():
        below = busy.get(f"/v1/sessions/{session['id']}/interactions?limit=200").json["data"]
        assert len(below) >= 10
        for one in below:
            assert by_id[one["id"]] == one
            assert (one["recruiter"], one["candidate"]) == (recruiter, candidate)
            assert (one["session"], one["virtual_number"]) == (
                session["id"],
                session["virtual_number"],
            )


def test_somebody_with_few_sessions_is_not_sought_among_everybody_s(busy):
    """Whose calls may be thousands since."""
    of_dan = ids(busy, "&candidate=c-2")
    busy.redis.delete(KEYS.timeline)
    assert ids(busy, "&candidate=c-2") == of_dan
    assert ids(busy) == []


@pytest.mark.parametrize("limit", [1, 4, 200])
@pytest.mark.parametrize("few", [0, 100])
def test_it_is_filtered_by_whom_it_connects(busy, monkeypatch, few, limit):
    """By a person's own sessions where these are few, and through everybody's else."""
    monkeypatch.setattr(workflow, "_FEW_SESSIONS", few)
    everything = listed(busy)
    for query, wanted in (
        ("&recruiter=r-1", lambda one: one["recruiter"] == "r-1"),
        ("&candidate=c-2", lambda one: one["candidate"] == "c-2"),
        (
            "&recruiter=r-2&candidate=c-1",
            lambda one: (one["recruiter"], one["candidate"]) == ("r-2", "c-1"),
        ),
        ("&recruiter=nobody", lambda _: False),
        ("&candidate=c-1&kind=message", lambda one: one["kind"] == "message"),
    ):
        assert listed(busy, query, limit=limit) == [one for one in everything if wanted(one)]


def test_it_is_filtered_by_number_kind_status_and_time(busy):
    everything = listed(busy)
    for query, wanted in (
        (f"&number=%2B{NUMBER[1:]}", lambda one: one["virtual_number"] == NUMBER),
        (f"&number={NUMBER}", lambda one: one["virtual_number"] == NUMBER),
        ("&number=nonsense", lambda _: False),
        ("&kind=message", lambda one: one["kind"] == "message"),
        ("&kind=call", lambda one: one["kind"] == "call"),
        ("&status=completed", lambda one: one["status"] == "completed"),
        ("&status=received", lambda one: one["status"] == "received"),
        (
            "&since=2026-09-21T14:15:20Z&until=2026-09-21T14:17:20Z",
            lambda one: "2026-09-21T14:15:20Z" <= one["started_at"] < "2026-09-21T14:17:20Z",
        ),
        ("&since=2026-09-21T14:15:19.5Z", lambda one: one["started_at"] >= "2026-09-21T14:15:20Z"),
        (
            "&until=2026-09-21T16:15:20%2B02:00",
            lambda one: one["started_at"] < "2026-09-21T14:15:20Z",
        ),
        (
            "&until=2026-09-21T16:15:20+02:00",
            lambda one: one["started_at"] < "2026-09-21T14:15:20Z",
        ),
        ("&since=2026-09-21T14:17:20Z&until=2026-09-21T14:15:20Z", lambda _: False),
        ("&until=2500-01-01T00:00:00Z", lambda _: True),
        ("&since=2500-01-01T00:00:00Z", lambda _: False),
    ):
        found = listed(busy, query)
        assert found == [one for one in everything if wanted(one)], query
    assert len(ids(busy, "&status=completed")) == len(ids(busy, "&kind=message")) == 1


@pytest.mark.parametrize(
    "query", ["since=yesterday", "kind=fax", "status=lost", "recruiter=a%20b", "until=2026-09-21T1"]
)
def test_a_filter_that_is_none_is_refused(busy, query):
    assert busy.get(f"/v1/interactions?{query}").status_code == 422


def test_a_page_is_bounded_work_and_goes_on_where_it_ended(busy, monkeypatch):
    monkeypatch.setattr(workflow, "_STEP", 2)
    monkeypatch.setattr(workflow, "_MOST_STEPS", 2)
    page = busy.get("/v1/interactions?status=completed&limit=1").json
    assert page["data"] == []
    assert page["next_cursor"]
    assert ids(busy, "&status=completed", limit=1) == ["us.CA111"]


def test_what_begins_meanwhile_moves_nothing(busy):
    first = busy.get("/v1/interactions?limit=10").json
    call(busy, CARL, "CA-new", at=NOW + 900, number=busy.sessions["r-1", "c-1"]["virtual_number"])
    rest = busy.get(f"/v1/interactions?limit=200&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["data"] + rest["data"]] == ids(busy)[1:]


def test_a_cursor_of_another_list_is_refused(busy):
    session = busy.sessions["r-1", "c-1"]["id"]
    below = busy.get(f"/v1/sessions/{session}/interactions?limit=1").json["next_cursor"]
    assert busy.get(f"/v1/interactions?cursor={below}").status_code == 422


# --- what is gone -----------------------------------------------------------------------


def test_p2_who_was_erased_is_not_found_by_their_ref(busy):
    assert busy.delete("/v1/candidates/c-1").status_code == 202
    assert ids(busy, "&candidate=c-1") == []
    everything = listed(busy)
    assert len(everything) == 41
    assert {one["candidate"] for one in everything} == {None, "c-2"}
    of_recruiter = listed(busy, "&recruiter=r-1")
    assert {one["candidate"] for one in of_recruiter} == {None, "c-2"}
    assert len(of_recruiter) == 21


def test_p2_who_comes_under_an_erased_ones_ref_is_not_taken_for_them(busy, clock):
    busy.delete("/v1/candidates/c-1")
    clock.shift(10)
    busy.put("/v1/candidates/c-1", {"phone": "+16465550133"})
    assert ids(busy, "&candidate=c-1") == []
    assert {one["candidate"] for one in listed(busy)} == {None, "c-2"}


def test_what_has_ended_its_retention_is_neither_listed_nor_kept(busy, clock):
    assert busy.redis.zcard(KEYS.timeline) == 41
    clock.move_to(NOW + RETENTION + 60 * 5)
    assert ids(busy) == []
    recycle(busy.world.services, now=NOW + RETENTION + 60 * 5)
    left = busy.redis.zrange(KEYS.timeline, 0, -1)
    assert len(left) == 20
    assert all(int(Place(line).started_at) >= NOW + 60 * 5 for line in left)


def test_a_record_or_a_session_that_has_gone_hides_no_other(busy):
    busy.redis.delete(KEYS.call("CA511"))
    busy.redis.hdel(KEYS.sessions, busy.sessions["r-2", "c-2"]["id"])
    busy.redis.zadd(KEYS.timeline, {"rubbish": 0, f"{NOW}\tus.x": 0, "": 0})
    assert len(ids(busy, limit=7)) == 41 - 1 - 10


def test_p9_a_line_that_was_planted_shows_nobody_anothers_call(busy):
    others = busy.sessions["r-2", "c-2"]["id"]
    busy.redis.zadd(KEYS.timeline, {f"{NOW + 800}\t{others}\tCA111": 0})
    assert ids(busy).count("us.CA111") == 1
    assert ids(busy, "&recruiter=r-2").count("us.CA111") == 0


# --- texts ------------------------------------------------------------------------------


def test_a_text_says_when_it_arrived_and_how_it_ended_in_words(busy):
    def report(status, rank, code=0):
        services = busy.world.services
        services.store.messages.record_status(
            "us.SM1",
            StatusReport(attempt="", sid="SM9", status=status, rank=rank, error_code=code),
            now=NOW + 130.7,
            number=NUMBER,
            send_again_at=None,
            telling=None,
            told_ids=(),
            retention=RETENTION,
        )
        [found] = listed(busy, "&kind=message")
        return found

    waiting = listed(busy, "&kind=message")[0]
    assert (waiting["outcome"], "delivered_at" in waiting) == ("it waits to be sent", False)
    failed = report(MessageStatus.UNDELIVERED, 5, 30003)
    assert failed["outcome"] == "not delivered: the handset is off, or out of reach"
    delivered = report(MessageStatus.DELIVERED, 6)
    assert delivered["outcome"] == "delivered"
    assert delivered["delivered_at"] == "2026-09-21T14:15:30Z"
    assert "entered_by" not in delivered


def test_every_outcome_has_words_that_the_document_explains():
    document = (ROOT / "docs" / "outcomes.md").read_text()
    kinds = {InteractionKind.CALL: CallStatus, InteractionKind.MESSAGE: MessageStatus}
    for kind, statuses in kinds.items():
        for status in statuses:
            one = Interaction(
                id="us.1",
                session="us.2",
                recruiter=None,
                candidate=None,
                virtual_number=NUMBER,
                kind=kind,
                direction=None,
                status=status,
                started_at=NOW,
            )
            assert f"| {kind} | `{status}` | {one.outcome} |" in document


# --- CSV --------------------------------------------------------------------------------


def as_csv(api, query=""):
    return api.get(f"/v1/interactions?{query}", headers={"Accept": "text/csv"})


def test_json_says_too_that_it_hangs_on_what_is_accepted(busy):
    assert busy.get("/v1/interactions").headers["Vary"] == "Accept"


def test_csv_holds_the_same_page_after_page(busy):
    rows, cursor = [], ""
    while cursor is not None:
        answer = as_csv(busy, f"limit=10&cursor={cursor}")
        assert answer.status_code == 200
        assert answer.content_type == "text/csv; charset=utf-8; header=present"
        assert answer.headers["Vary"] == "Accept"
        assert answer.text.count("\r\n") == answer.text.count("\n")
        rows += csv.DictReader(io.StringIO(answer.text))
        cursor = answer.headers.get("Next-Cursor")

    expected = listed(busy)
    assert len(rows) == len(expected) == 41
    for row, one in zip(rows, expected, strict=True):
        assert {name: cell for name, cell in row.items() if cell} == {
            name: str(value) for name, value in one.items()
        }


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/html", "application/json"),
        ("text/csv, */*;q=0.1", "text/csv"),
    ],
)
def test_who_asks_for_csv_gets_it(busy, accept, kind):
    answer = busy.get("/v1/interactions", headers={"Accept": accept})
    assert answer.mimetype == kind


def test_a_refusal_is_a_problem_whatever_is_asked_for(busy):
    answer = as_csv(busy, "kind=fax")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (7, "7"),
        ("+14155550192", "+14155550192"),
        ("they talked", "they talked"),
        ("-2+3", "'-2+3"),
        ("=1", "'=1"),
        ("+1-2", "'+1-2"),
        ("@SUM", "'@SUM"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
    ],
)
def test_no_cell_is_a_formula(value, cell):
    assert as_cell(value) == cell


def test_a_ref_that_looks_like_a_formula_is_text():
    api = make_api()
    pair = {
        "recruiter": {"ref": "-2-3", "phone": RITA, "name": "N", "organization": "O"},
        "candidate": {"ref": "c", "phone": CARL},
    }
    assert api.post("/v1/sessions", pair).status_code == 201
    call(api, RITA, "CA1", at=NOW + 1)
    [row] = csv.DictReader(io.StringIO(as_csv(api).text))
    assert row["recruiter"] == "'-2-3"
    assert row["virtual_number"] == NUMBER


# --- boards -----------------------------------------------------------------------------


def test_a_board_sees_its_own(busy):
    deployment = busy.world.deployment
    deployment.registry.put(Board(name="second", spoken_name="Second Jobs"))
    second = deployment.of_board("second")
    key = second.store.api_keys.create("k", [Scope.ADMIN], now=NOW)
    assert busy.get("/v1/interactions", key=key).json == {"data": [], "next_cursor": None}
