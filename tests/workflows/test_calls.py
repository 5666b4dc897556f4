"""A call from its first webhook to its end, on the real store."""

from dataclasses import replace

import fakeredis
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from relay.carrier.calls import CallOutcome
from relay.carrier.webhooks import CallEnded, DialReport, InboundCall, KeyPress, LegReport
from relay.domain.board import NumberPlace
from relay.domain.call_progress import CallStatus
from relay.domain.charges import Unit
from relay.domain.errors import CarrierError, NotFound
from relay.domain.guard import (
    LONGEST_GUARD,
    MOST_QUESTIONS,
    MOST_TELLINGS,
    GuardKind,
    GuardStyle,
)
from relay.domain.participant import CandidateDetails, Role
from relay.domain.pool import Attestation, NumberStatus
from relay.domain.routing import (
    AskAccessCode,
    AskHuman,
    Bridge,
    CodeQuestion,
    Connect,
    Decline,
    HangUp,
    Identity,
    Refusal,
    TellOutcome,
    TellWhoAndAsk,
)
from relay.domain.session import Channel, ClosedReason
from relay.domain.trouble import Trouble
from relay.store.number_map import NumberMap
from relay.store.store import Store
from relay.workflows.ask_outcomes import ask_outcomes
from relay.workflows.connect_call import REPEATABLE, connect_call, take_code
from relay.workflows.record_call_progress import (
    record_call_end,
    record_dial,
    record_leg,
    tell_without_record,
)
from relay.workflows.recycle import recycle
from relay.workflows.register_participant import register_candidate
from relay.workflows.screen_call import ask_human, take_answer
from relay.workflows.stamp_guard import guard_of_side
from tests.fake_redis import FakeRedis
from tests.key_ring import move_number
from tests.world import (
    ASKER,
    CARL,
    NORA,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    RITA,
    World,
    make_deployment,
    make_world,
    signer,
)

SID = "CA" + "1" * 32
LEG = "CA" + "2" * 32
CALL = f"us.{SID}"
HOUR = 3600
#: Longer than a call may last, in seconds.
LONGEST_CALL = 5 * HOUR
RITA_OF_ACME = Identity(role=Role.RECRUITER, name="Rita", organization="Acme")


@pytest.fixture
def world():
    return make_world()


def call_from(world, caller, *, called=NUMBER, sid=SID, now=NOW, attestation=""):
    inbound = InboundCall(call_sid=sid, caller=caller, called=called, attestation=attestation)
    return connect_call(world.services, inbound, now=now)


def press(world, digits, *, turn=0, now=NOW):
    leg = KeyPress(call_sid=LEG, parent_call_sid=SID, digits=digits)
    return take_answer(world.services, CALL, leg, turn=str(turn), now=now)


def speak(world, *, turn=0):
    leg = KeyPress(call_sid=LEG, parent_call_sid=SID, digits="", is_speech=True)
    return take_answer(world.services, CALL, leg, turn=str(turn), now=NOW)


def put_candidate(world, **details):
    details = CandidateDetails(phone=CARL, **details)
    register_candidate(world.services, "carl", details, client_id=ASKER, now=NOW)


def pick_up(world, *, call_id=CALL, now=NOW):
    leg = KeyPress(call_sid=LEG, parent_call_sid=SID, digits="")
    return ask_human(world.services, call_id, leg, now=now)


def dial_over(world, status, *, bridged=False, duration=None, call_id=CALL):
    report = DialReport(
        call_sid=SID, dial_status=status, bridged=bridged, duration=duration, leg_sid=LEG
    )
    return record_dial(world.services, call_id, report, now=NOW)


def turn_codes_off(world):
    pools = world.services.store.pools
    pools.put(replace(pools.get("us"), access_codes=False))


def record_of(world):
    return world.services.store.calls.get(CALL)


def close(world, session, reason, *, now=NOW):
    world.services.store.sessions.close(session.id, reason, now=now)


# --- who is connected -------------------------------------------------------------------


def test_a_recruiter_reaches_the_candidate_behind_a_guard(world):
    session = world.open()

    answered = call_from(world, RITA)

    assert answered.id == CALL
    assert isinstance(answered.decision, Bridge)
    assert answered.decision.counterpart.reveal() == CARL
    assert answered.decision.is_guarded
    assert answered.decision.session.id == session.id


def test_a_candidate_reaches_the_recruiter_without_a_guard(world):
    world.open()

    decision = call_from(world, CARL).decision

    assert isinstance(decision, Bridge)
    assert decision.counterpart.reveal() == RITA
    assert not decision.is_guarded


@pytest.mark.parametrize("caller", ["anonymous", "+266696687", "+7378742833", "", "client:nora"])
def test_a_withheld_caller_is_never_looked_up(world, caller):
    world.open()

    asked = call_from(world, caller).decision
    assert asked == AskAccessCode(question=CodeQuestion.WITHHELD, digits=6, attempt=1)
    turn_codes_off(world)
    refused = call_from(world, caller, sid="CA" + "2" * 32).decision
    assert refused == Decline(refusal=Refusal.CALLER_WITHHELD)
    elsewhere = call_from(world, caller, called=OTHER_NUMBER).decision
    assert elsewhere == Decline(refusal=Refusal.CALLER_WITHHELD)
    assert record_of(world) is None


def counted(decision):
    return REGISTRY.get_sample_value("relay_calls_total", {"decision": decision}) or 0


@pytest.mark.parametrize(
    ("caller", "called", "decision"),
    [
        (RITA, NUMBER, "bridge"),
        (NORA, NUMBER, "code_of_stranger"),
        (RITA, OTHER_NUMBER, "not_connected"),
    ],
)
def test_calls_are_counted_by_what_becomes_of_them(world, caller, called, decision):
    world.open()
    before = counted(decision)
    call_from(world, caller, called=called)
    assert counted(decision) == before + 1


# --- caller IDs that the networks do not vouch for ------------------------------------------


def policy(world, **changes):
    store = world.services.store
    store.pools.put(replace(store.pools.get("us"), **changes))


@pytest.mark.parametrize(
    ("attestation", "wanted", "is_asked"),
    [
        ("failed", Attestation.ANY, True),
        ("", Attestation.ANY, False),
        ("C", Attestation.ANY, False),
        ("A", Attestation.VERIFIED, False),
        ("B", Attestation.VERIFIED, True),
        ("", Attestation.VERIFIED, True),
        ("failed", Attestation.VERIFIED, True),
    ],
)
def test_a_recruiter_whose_number_may_be_forged_proves_it_by_their_code(
    world, attestation, wanted, is_asked
):
    session = world.open()
    policy(world, attestation=wanted)
    decision = call_from(world, RITA, attestation=attestation).decision
    if not is_asked:
        assert isinstance(decision, Bridge)
        return
    assert decision == AskAccessCode(
        question=CodeQuestion.UNVERIFIED, digits=6, attempt=1, locale="en"
    )
    assert record_of(world) is None
    entered = enter(world, RITA, session.access_code).decision
    assert isinstance(entered, Bridge)


def test_a_candidate_whose_number_may_be_forged_meets_the_guard(world):
    world.open()
    answered = call_from(world, CARL, attestation="failed")
    assert answered.decision.is_guarded
    assert record_of(world).attestation == "failed"
    assert pick_up(world) == AskHuman(locale="en", is_unverified=True)
    assert press(world, "1") == Connect()


def test_without_a_check_a_candidate_is_taken_for_who_they_show(world):
    world.open()
    assert not call_from(world, CARL).decision.is_guarded


# --- codes --------------------------------------------------------------------------------


def test_a_stranger_may_enter_a_code(world):
    world.open()

    asked = call_from(world, NORA).decision

    assert asked == AskAccessCode(question=CodeQuestion.STRANGER, digits=6, attempt=1)
    assert record_of(world) is None


def test_a_stranger_is_refused_politely(world):
    world.open()
    turn_codes_off(world)

    assert call_from(world, NORA).decision == Decline(refusal=Refusal.NOT_CONNECTED)
    assert record_of(world) is None


def enter(world, caller, code, attempt="1", call="us.CA1"):
    world.services.store.client.hset(f"{{main}}:tries:{SID}", "asked", "")
    entry = InboundCall(call_sid=SID, caller=caller, called=NUMBER)
    return take_code(world.services, call, entry, code=code, attempt=attempt, now=NOW)


def test_a_code_connects_its_recruiter_from_any_phone(world):
    session = world.open()
    for caller in (NORA, "anonymous"):
        entered = enter(world, caller, session.access_code)
        assert isinstance(entered.decision, Bridge)
        assert entered.decision.counterpart.reveal() == CARL
        assert entered.decision.is_guarded
        assert entered.id == CALL


def test_a_wrong_code_is_asked_for_again_twice(world):
    world.open()
    again = enter(world, NORA, "1").decision
    assert again == AskAccessCode(question=CodeQuestion.AGAIN, digits=6, attempt=2)
    over = enter(world, NORA, "1", attempt="3").decision
    assert over == Decline(refusal=Refusal.CODE_TRIED_OUT)


def test_a_recruiter_is_told_of_a_wrong_code_in_their_language(world):
    world.open()
    again = enter(world, RITA, "1").decision
    assert again == AskAccessCode(question=CodeQuestion.AGAIN, digits=6, attempt=2, locale="en")
    over = enter(world, RITA, "1", attempt="3").decision
    assert over == Decline(refusal=Refusal.CODE_TRIED_OUT, locale="en")


@pytest.mark.parametrize(("call", "attempt"), [("CA1", "1"), ("us.CA1", "first")])
def test_a_code_for_no_call_of_ours_is_refused(world, call, attempt):
    with pytest.raises(NotFound):
        enter(world, NORA, "1", attempt=attempt, call=call)


def test_p1_a_recruiter_of_several_sessions_is_asked(world):
    world.open()
    world.open("rita", "dan")

    asked = call_from(world, RITA).decision

    assert asked == AskAccessCode(question=CodeQuestion.SEVERAL, digits=6, attempt=1, locale="en")


def test_a_number_that_is_not_ours_connects_nobody(world):
    world.open()

    decision = call_from(world, RITA, called=OTHER_NUMBER).decision

    assert decision == Decline(refusal=Refusal.NOT_CONNECTED)


def test_p3_an_expired_session_never_connects_though_no_worker_ran(world):
    session = world.open()

    decision = call_from(world, RITA, now=session.expires_at).decision

    assert decision == Decline(refusal=Refusal.NO_LONGER_CONNECTED, locale="en")


def test_a_closed_session_connects_nobody(world):
    session = world.open()
    close(world, session, ClosedReason.BY_API)

    with capture_logs() as lines:
        decision = call_from(world, CARL).decision

    assert decision == Decline(refusal=Refusal.NO_LONGER_CONNECTED, locale="en")
    told = [(line["call"], line["session"], line["refusal"]) for line in lines]
    assert told == [(SID, session.id, Refusal.NO_LONGER_CONNECTED)]


def test_a_session_for_texts_takes_no_calls(world):
    world.open(channels=frozenset({Channel.SMS}))

    assert call_from(world, RITA).decision == Decline(refusal=Refusal.TEXTS_ONLY, locale="en")


def test_a_stale_map_of_numbers_is_read_again(world):
    """A number has moved to another pool since this process read the map: by the old one it would
    be no number of ours."""
    world.open()
    store = world.services.store
    assert store.numbers.find_pool(NUMBER) == "us"
    pool = store.pools.get("us")
    store.pools.put(replace(pool, name="us-2"))
    store.client.hdel("{main}/us:numbers", NUMBER)
    move_number(store.client, NUMBER, "main", "us-2", signer())
    store.client.hset("{main}/us-2:numbers", NUMBER, 0)

    assert isinstance(call_from(world, RITA).decision, Bridge)
    assert store.numbers.find_pool(NUMBER) == "us-2"


def test_a_number_that_has_just_come_connects(world):
    """Somebody called it before it was ours, a moment ago."""
    assert call_from(world, RITA, called=OTHER_NUMBER).decision == Decline(
        refusal=Refusal.NOT_CONNECTED
    )
    deployment = make_deployment(world.services.store.client)
    other_process = World(deployment.main, world.jobs, deployment)
    numbers = other_process.services.store.numbers
    numbers.add(OTHER_NUMBER, "us", carrier_sid="PN", capabilities="vs", now=NOW)
    opened = (other_process.open(), other_process.open(candidate="dan"))

    decision = call_from(world, RITA, called=OTHER_NUMBER).decision

    assert isinstance(decision, Bridge)
    assert decision.session.id in {session.id for session in opened}


def test_a_number_given_back_meanwhile_connects_nobody(world):
    world.open()
    store = world.services.store
    assert store.numbers.find_pool(NUMBER) == "us"
    store.client.hdel("{main}/us:numbers", NUMBER)
    store.client.hdel("{all_boards}:numbers", NUMBER)

    assert call_from(world, RITA).decision == Decline(refusal=Refusal.NOT_CONNECTED)


def test_a_call_needs_the_map_of_numbers_no_more_once_its_number_is_known(world):
    """P4: the master that has it may be away."""
    world.open()
    server = fakeredis.FakeServer()
    numbers = NumberMap(FakeRedis(server), signer())
    numbers.enter(NUMBER, NumberPlace("main", "us"))
    services = world.services
    store = Store(services.store.client, signer(), number_map=numbers)
    world = replace(world, services=replace(services, store=store))
    server.connected = False

    assert isinstance(call_from(world, RITA).decision, Bridge)
    ended(world)
    assert record_of(world).status is CallStatus.CANCELED


# --- a CallSid gets its Dial once -------------------------------------------------------


def test_p4_a_repeated_webhook_gets_the_same_answer(world):
    world.open()

    first, second = call_from(world, RITA), call_from(world, RITA, now=NOW + REPEATABLE - 1)

    assert first == second
    assert len(world.services.store.client.zrange("{main}:interactions", 0, -1)) == 1


def test_a_captured_webhook_is_refused_when_the_carrier_repeats_none_any_more(world):
    world.open()
    call_from(world, RITA)

    decision = call_from(world, RITA, now=NOW + REPEATABLE + 2).decision

    assert decision == Decline(refusal=Refusal.CALL_AGAIN, locale="en")


@pytest.mark.parametrize("status", ["in-progress", "completed"])
def test_p2_a_captured_webhook_is_refused_once_the_other_side_has_picked_up(world, status):
    """Whoever sees the webhooks as they come would learn the number while the two are talking."""
    world.open()
    call_from(world, RITA)
    leg(world, status)
    decision = call_from(world, RITA, now=NOW + 1).decision
    assert decision == Decline(refusal=Refusal.CALL_AGAIN, locale="en")


@pytest.mark.parametrize("reason", [ClosedReason.BY_API, ClosedReason.EXPIRED])
def test_p5_the_first_decision_holds_when_the_session_ends_meanwhile(world, reason):
    session = world.open()
    call_from(world, RITA)
    close(world, session, reason, now=NOW + 1)

    assert isinstance(call_from(world, RITA, now=NOW + 2).decision, Bridge)


@pytest.mark.parametrize(
    "reason",
    [
        ClosedReason.BLOCKED,
        ClosedReason.ERASED,
        ClosedReason.SUSPENDED,
        ClosedReason.TAKEN_OVER,
    ],
)
def test_p5_a_block_or_an_erasure_takes_the_decision_back(world, reason):
    session = world.open()
    call_from(world, RITA)
    close(world, session, reason, now=NOW + 1)

    decision = call_from(world, RITA, now=NOW + 2).decision

    assert decision == Decline(refusal=Refusal.CALL_AGAIN, locale="en")
    assert pick_up(world) == HangUp()
    assert press(world, "1") == HangUp()


# --- the guard --------------------------------------------------------------------------


def test_the_guard_asks_and_one_takes_the_call(world):
    world.open()
    call_from(world, RITA)

    assert pick_up(world) == AskHuman(locale="en")
    assert press(world, "1") == Connect()
    assert record_of(world).status is CallStatus.IN_PROGRESS
    assert record_of(world).leg_sid == LEG


def test_two_tells_who_and_why(world):
    world.open(context="Backend engineer")
    call_from(world, RITA)

    assert press(world, "2") == TellWhoAndAsk(
        locale="en",
        turn=MOST_QUESTIONS,
        who=RITA_OF_ACME,
        context="Backend engineer",
    )
    assert press(world, "2", turn=MOST_QUESTIONS).turn == MOST_QUESTIONS + 1


def test_nobody_is_told_for_ever(world):
    world.open()
    call_from(world, RITA)
    last = MOST_QUESTIONS + MOST_TELLINGS - 1

    assert press(world, "2", turn=last) == HangUp()
    assert press(world, "1", turn=last) == Connect()


@pytest.mark.parametrize("turn", ["6", "-1", "x", ""])
def test_a_question_that_was_never_asked_has_no_answer(world, turn):
    world.open()
    call_from(world, RITA)
    with pytest.raises(NotFound):
        press(world, "1", turn=turn)
    assert record_of(world).status is CallStatus.RINGING


def test_who_speaks_is_asked_again_at_once_and_has_taken_nothing(world):
    world.open()
    call_from(world, RITA)

    assert speak(world) == AskHuman(locale="en", turn=1)
    assert record_of(world).status is CallStatus.RINGING
    assert not record_of(world).was_accepted


def test_an_assistant_is_told_who_calls_where_the_candidate_wishes_that(world):
    world.open()
    put_candidate(world, guard_style=GuardStyle.NAMED)
    call_from(world, RITA)

    assert pick_up(world) == AskHuman(locale="en")
    assert speak(world) == AskHuman(locale="en", turn=1, who=RITA_OF_ACME)


def test_a_candidate_without_a_guard_is_connected_and_keeps_their_style(world):
    world.open()
    put_candidate(world, guard=GuardKind.NONE, guard_style=GuardStyle.NAMED)
    assert not call_from(world, RITA).decision.is_guarded
    dial_over(world, "completed", bridged=True, duration=60)
    assert record_of(world).status is CallStatus.COMPLETED

    put_candidate(world, guard=GuardKind.KEYS)
    assert call_from(world, RITA, sid="CA" + "8" * 32).decision.is_guarded
    assert guard_of_side(world.services, world.open(), Role.CANDIDATE).style is GuardStyle.NAMED


def test_a_call_ends_as_it_was_dialled_whatever_guard_the_person_has_by_then(world):
    world.open()
    put_candidate(world, guard=GuardKind.NONE)
    assert not call_from(world, RITA).decision.is_guarded
    put_candidate(world, guard=GuardKind.KEYS)
    assert not call_from(world, RITA, now=NOW + 1).decision.is_guarded, "the same answer again"

    leg(world, "in-progress")
    assert record_of(world).status is CallStatus.IN_PROGRESS
    dial_over(world, "completed", bridged=True, duration=60)
    assert record_of(world).status is CallStatus.COMPLETED


def test_a_voicemail_is_no_answer_when_the_guard_is_taken_off_meanwhile(world):
    world.open()
    assert call_from(world, RITA).decision.is_guarded
    pick_up(world)
    put_candidate(world, guard=GuardKind.NONE)

    leg(world, "in-progress")
    assert record_of(world).status is CallStatus.RINGING
    dial_over(world, "completed", bridged=True, duration=60)
    assert record_of(world).status is CallStatus.NO_ANSWER


def test_p5_the_guards_time_is_part_of_a_calls_lease(world):
    world.open()
    call_from(world, RITA)
    settings = world.services.settings

    (lease,) = world.services.store.client.hvals("{main}:leases")

    _, until, *_ = lease.split("\t")
    longest = settings.ring_timeout + LONGEST_GUARD + settings.call_time_limit
    assert int(until) >= NOW + longest


def test_two_names_nobody_when_the_recruiters_record_is_gone(world):
    world.open()
    call_from(world, RITA)
    world.services.store.client.delete("{main}:person:recruiter:rita")

    decision = press(world, "2")

    assert decision.who == Identity(role=Role.RECRUITER)


def test_a_recruiter_who_asked_for_the_guard_never_hears_a_candidates_name(world):
    world.open()
    call_from(world, CARL)

    decision = press(world, "2")

    assert decision.who == Identity(role=Role.CANDIDATE)
    assert speak(world) == AskHuman(locale="en", turn=1)


@pytest.mark.parametrize("digits", ["9", "0", "#", "11"])
def test_any_other_key_declines(world, digits):
    world.open()
    call_from(world, RITA)

    assert press(world, digits) == HangUp()
    assert dial_over(world, "no-answer") == TellOutcome(
        announcement="declined", locale="en", may_text=True
    )
    assert record_of(world).status is CallStatus.DECLINED


def test_a_guard_for_a_call_that_is_not_on_record_hangs_up(world):
    assert pick_up(world, call_id="us.CAunknown") == HangUp()


# --- how it ends ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dial_status", "announcement", "status"),
    [
        ("busy", "busy", CallStatus.BUSY),
        ("no-answer", "no_answer", CallStatus.NO_ANSWER),
        ("failed", "failed", CallStatus.FAILED),
        ("completed", "no_answer", CallStatus.NO_ANSWER),
    ],
)
def test_a_caller_who_was_not_connected_is_told_why(world, dial_status, announcement, status):
    world.open()
    call_from(world, RITA)

    told = dial_over(world, dial_status)

    may_text = announcement == "no_answer"
    assert told == TellOutcome(announcement=announcement, locale="en", may_text=may_text)
    assert record_of(world).status is status


def test_nobody_is_told_to_text_where_only_calls_go(world):
    world.open(channels=frozenset({Channel.VOICE}))
    call_from(world, RITA)

    assert dial_over(world, "no-answer") == TellOutcome(announcement="no_answer", locale="en")


def test_a_connected_call_completes_with_its_duration(world):
    world.open()
    call_from(world, RITA, attestation="A")
    press(world, "1")

    assert dial_over(world, "completed", bridged=True, duration=61) == HangUp()
    record = record_of(world)
    assert (record.status, record.duration) == (CallStatus.COMPLETED, 61)
    assert record.attestation == "A"


def test_a_call_without_a_guard_is_connected_when_it_was_bridged(world):
    world.open()
    call_from(world, CARL)

    assert dial_over(world, "completed", bridged=True, duration=5) == HangUp()
    assert record_of(world).status is CallStatus.COMPLETED


def test_a_dial_that_is_canceled_has_nobody_left_to_tell(world):
    world.open()
    call_from(world, RITA)

    assert dial_over(world, "canceled") == HangUp()


def test_a_dial_that_is_not_on_record_ends_without_a_word(world):
    assert dial_over(world, "busy", call_id="us.CAunknown") == HangUp()


def leg(world, status, *, call_id=CALL):
    report = LegReport(call_sid=LEG, parent_call_sid=SID, status=status, duration=None)
    record_leg(world.services, call_id, report, now=NOW)


def test_a_recruiter_who_picks_up_is_in_the_call(world):
    world.open()
    call_from(world, CARL)

    leg(world, "in-progress")

    assert record_of(world).status is CallStatus.IN_PROGRESS


def test_a_voicemail_that_picks_up_behind_the_guard_is_not(world):
    world.open()
    call_from(world, RITA)

    leg(world, "in-progress")
    leg(world, "completed", call_id="us.CAunknown")

    assert record_of(world).status is CallStatus.RINGING
    assert record_of(world).leg_sid == LEG


def leg_over(world, *, duration=50):
    report = LegReport(call_sid=LEG, parent_call_sid=SID, status="completed", duration=duration)
    record_leg(world.services, CALL, report, now=NOW + 60)


@pytest.mark.parametrize("end_first", [True, False])
def test_p4_a_talk_without_a_dial_report_completes_in_any_order(world, end_first):
    """The caller hung up, and the action request, which is optional then, never came."""
    world.open()
    call_from(world, CARL)
    reports = [lambda: ended(world), lambda: leg(world, "in-progress")]

    for report in reports if end_first else reports[::-1]:
        report()
    assert record_of(world).status is CallStatus.COMPLETED
    leg_over(world)

    assert record_of(world).status is CallStatus.COMPLETED
    assert record_of(world).duration is not None


def test_the_end_of_a_voicemails_leg_is_no_talk(world):
    world.open()
    call_from(world, RITA)

    leg_over(world)

    assert record_of(world).status is CallStatus.RINGING


@pytest.mark.parametrize(
    ("dial_status", "bridged", "told"),
    [
        ("busy", False, TellOutcome(announcement="busy", locale="")),
        ("no-answer", False, TellOutcome(announcement="no_answer", locale="")),
        ("completed", True, HangUp()),
    ],
)
def test_with_the_store_away_the_report_alone_says_what_to_tell(dial_status, bridged, told):
    report = DialReport(
        call_sid=SID, dial_status=dial_status, bridged=bridged, duration=None, leg_sid=LEG
    )

    assert tell_without_record(report) == told


def ended(world, *, called=NUMBER, sid=SID, duration=12):
    report = CallEnded(call_sid=sid, called=called, status="completed", duration=duration)
    record_call_end(world.services, report, now=NOW + 60)


def test_a_caller_who_hangs_up_first_has_canceled(world):
    world.open()
    call_from(world, RITA)

    ended(world)
    ended(world, sid="CA" + "9" * 32)
    ended(world, called=OTHER_NUMBER)

    assert record_of(world).status is CallStatus.CANCELED


class AskedCalls:
    """The carrier's calls, where somebody asks how one ended."""

    def __init__(self, outcome):
        self.calls, self.outcome = self, outcome

    def find_outcome(self, call_sid):
        assert call_sid == SID
        if isinstance(self.outcome, CarrierError):
            raise self.outcome
        return self.outcome


TALKED = CallOutcome(status="completed", leg_sid=LEG, leg_status="completed", duration=61)
NOBODY = CallOutcome(status="completed", leg_sid=LEG, leg_status="no-answer")
UNDIALLED = CallOutcome(status="completed")
GONE = CarrierError(Trouble.NEVER, 20404)


@pytest.mark.parametrize(
    ("caller", "accepts", "outcome", "end"),
    [
        (CARL, False, TALKED, (CallStatus.COMPLETED, 61)),
        (RITA, True, TALKED, (CallStatus.COMPLETED, 61)),
        (RITA, False, TALKED, (CallStatus.NO_ANSWER, None)),  # a voicemail behind the guard
        (RITA, False, NOBODY, (CallStatus.NO_ANSWER, None)),
        (RITA, False, UNDIALLED, (CallStatus.CANCELED, None)),
        (RITA, False, GONE, (CallStatus.CANCELED, None)),
    ],
)
def test_p4_a_call_whose_reports_are_lost_ends_all_the_same(world, caller, accepts, outcome, end):
    session = world.open()
    call_from(world, caller)
    if accepts:
        press(world, "1")
    services = replace(world.services, carrier=AskedCalls(outcome))
    assert ask_outcomes(services, clock=lambda: NOW + 60) == 0
    past_its_lease = NOW + LONGEST_CALL
    assert ask_outcomes(services, clock=lambda: past_its_lease) == 1
    assert (record_of(world).status, record_of(world).duration) == end
    assert ask_outcomes(services, clock=lambda: past_its_lease + HOUR) == 0
    assert not world.services.store.client.hexists("{main}:leases", session.id)


def test_a_call_that_goes_on_past_its_lease_is_asked_about_again(world):
    world.open()
    call_from(world, RITA)
    services = replace(world.services, carrier=AskedCalls(CallOutcome(status="in-progress")))
    past_its_lease = NOW + LONGEST_CALL
    assert ask_outcomes(services, clock=lambda: past_its_lease) == 1
    assert record_of(world).status is CallStatus.RINGING
    assert ask_outcomes(services, clock=lambda: past_its_lease + 299) == 0
    services = replace(world.services, carrier=AskedCalls(CarrierError(Trouble.LATER, 503)))
    assert ask_outcomes(services, clock=lambda: past_its_lease + 300) == 1
    services = replace(world.services, carrier=AskedCalls(NOBODY))
    assert ask_outcomes(services, clock=lambda: past_its_lease + 600) == 1
    assert record_of(world).status is CallStatus.NO_ANSWER


def test_a_call_of_which_the_carrier_will_not_say_ends_after_a_day(world):
    world.open()
    call_from(world, RITA)
    services = replace(world.services, carrier=AskedCalls(CarrierError(Trouble.NEVER, 20400)))
    assert ask_outcomes(services, clock=lambda: NOW + LONGEST_CALL) == 1
    assert record_of(world).status is CallStatus.RINGING
    assert ask_outcomes(services, clock=lambda: int(NOW) + 24 * HOUR) == 1
    assert record_of(world).status is CallStatus.RINGING
    assert ask_outcomes(services, clock=lambda: NOW + 25 * HOUR) == 1
    assert record_of(world).status is CallStatus.CANCELED


def test_a_call_whose_session_is_forgotten_needs_no_end(world):
    world.open()
    call_from(world, RITA)
    world.services.store.client.delete("{main}:sessions")
    services = replace(world.services, carrier=AskedCalls(NOBODY))
    assert ask_outcomes(services, clock=lambda: NOW + LONGEST_CALL) == 1
    assert record_of(world).status is CallStatus.RINGING


def test_a_call_that_has_ended_or_is_forgotten_is_not_asked_about(world):
    world.open()
    call_from(world, RITA)
    world.services.store.client.delete(f"{{main}}:call:{SID}")
    services = replace(world.services, carrier=AskedCalls(None))
    assert ask_outcomes(services, clock=lambda: NOW + LONGEST_CALL) == 1
    call_from(world, RITA, sid="CA" + "3" * 32)
    ended(world, sid="CA" + "3" * 32)
    assert ask_outcomes(services, clock=lambda: NOW + LONGEST_CALL) == 0


@pytest.mark.parametrize("end_first", [True, False])
def test_p4_reports_in_any_order_come_to_the_same_end(world, end_first):
    world.open()
    call_from(world, RITA)
    press(world, "1")
    reports = [
        lambda: ended(world),
        lambda: dial_over(world, "completed", bridged=True, duration=61),
    ]

    for report in reports if end_first else reports[::-1]:
        report()
        report()

    assert record_of(world).status is CallStatus.COMPLETED
    assert record_of(world).duration == 61


# --- live calls and recycling -----------------------------------------------------------


def test_p5_recycling_leaves_a_pair_alone_while_its_call_goes_on(world):
    session = world.open(ttl=60)
    call_from(world, RITA, now=session.expires_at - 1)

    recycle(world.services, now=session.expires_at + 10)

    assert world.services.store.sessions.get(session.id).closed_at is None
    later = call_from(world, CARL, sid="CA" + "3" * 32, now=session.expires_at + 10)
    assert later.decision == Decline(refusal=Refusal.NO_LONGER_CONNECTED, locale="en")


def test_p5_a_callback_that_never_comes_pins_a_pair_no_longer_than_its_lease(world):
    session = world.open(ttl=60)
    call_from(world, RITA)

    recycle(world.services, now=NOW + 2 * HOUR)

    closed = world.services.store.sessions.get(session.id)
    assert (closed.closed_at, closed.closed_reason) == (session.expires_at, ClosedReason.EXPIRED)


def test_a_call_that_ends_lets_its_expired_session_close_at_once(world):
    session = world.open(ttl=60)
    call_from(world, RITA)
    recycle(world.services, now=session.expires_at + 1)

    dial_over(world, "busy")
    recycle(world.services, now=session.expires_at + 2)

    assert world.services.store.sessions.get(session.id).closed_at == session.expires_at


def traffic(world):
    return world.services.store.reputation.traffic([NUMBER], now=NOW + 60)[0]


REPORTS = {
    "the Dial": lambda world: dial_over(world, "completed", bridged=True, duration=61),
    "the leg": lambda world: leg_over(world, duration=61),
    "the caller": lambda world: ended(world, duration=61),
    "the guard": lambda world: press(world, "9"),
    "the carrier, asked": lambda world: ask_outcomes(
        replace(world.services, carrier=AskedCalls(TALKED)), clock=lambda: NOW + LONGEST_CALL
    ),
}


@pytest.mark.parametrize("report", REPORTS)
def test_a_call_that_ends_counts_in_the_traffic_of_its_number_whoever_reports_it(world, report):
    world.open()
    call_from(world, CARL)

    REPORTS[report](world)

    assert (traffic(world).calls, traffic(world).ended) == (1, 1)


# --- what the carrier charges -----------------------------------------------------------


def charged(world):
    return world.services.store.pools.charges.total("us")


def test_both_legs_are_charged_and_so_is_a_guard_that_listens(world):
    world.open()
    call_from(world, RITA)
    for _ in range(2):
        pick_up(world)
        leg_over(world, duration=61)
        dial_over(world, "completed", bridged=False, duration=61)
        ended(world, duration=12)

    assert charged(world) == {Unit.SPEECH: 1, Unit.MINUTE_OUT: 2, Unit.MINUTE_IN: 1}


def test_a_leg_whose_dial_is_never_reported_is_charged(world):
    """The caller hung up first, and nobody asked what to do next."""
    world.open()
    call_from(world, CARL)
    leg(world, "in-progress")
    leg_over(world, duration=61)

    assert charged(world) == {Unit.MINUTE_OUT: 2}


def test_a_leg_that_only_its_dial_reports_is_charged(world):
    world.open()
    call_from(world, CARL)
    dial_over(world, "completed", bridged=True, duration=61)

    assert charged(world) == {Unit.MINUTE_OUT: 2}


@pytest.mark.parametrize("is_reported", [True, False])
def test_minutes_on_a_toll_free_number_have_their_own_price(world, is_reported):
    toll_free, numbers = "+18005550150", world.services.store.numbers
    numbers.add(toll_free, "us", carrier_sid="PN" + "8" * 32, capabilities="vs", now=NOW)
    numbers.set_status(NUMBER, "us", NumberStatus.RESERVED, expected=NumberStatus.AVAILABLE)
    assert world.open().virtual_number == toll_free
    call_from(world, CARL, called=toll_free)
    if is_reported:
        ended(world, called=toll_free, duration=61)
    else:
        carrier = AskedCalls(CallOutcome(status="completed", caller_duration=61))
        services = replace(world.services, carrier=carrier)
        ask_outcomes(services, clock=lambda: NOW + LONGEST_CALL)

    assert charged(world) == {Unit.TOLL_FREE_MINUTE_IN: 2}


def test_a_call_that_was_not_connected_is_charged_once(world):
    for _ in range(2):
        call_from(world, CARL)
        ended(world, duration=12)
    ended(world, called="+14155550199", sid="CA" + "9" * 32)
    ended(world, sid="CA" + "8" * 32, duration=0)

    assert charged(world) == {Unit.MINUTE_IN: 1}
    assert world.services.store.client.keys("*:charges") == ["{main}/us:charges"]


def test_a_call_whose_reports_are_lost_is_charged_when_the_carrier_is_asked(world):
    world.open()
    call_from(world, RITA)
    outcome = replace(TALKED, caller_duration=30)
    services = replace(world.services, carrier=AskedCalls(outcome))
    ask_outcomes(services, clock=lambda: NOW + LONGEST_CALL)

    assert charged(world) == {Unit.MINUTE_IN: 1, Unit.MINUTE_OUT: 2}
