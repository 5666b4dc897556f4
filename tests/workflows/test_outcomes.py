"""An outcome is true, its scope is known, and it comes even if nobody reports it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.carrier.errors import refusal
from relay.carrier.webhooks import MessageStatusReport
from relay.domain.errors import CarrierError
from relay.domain.message_progress import REPORT_GRACE, Reach
from relay.domain.notices import GATHERED_FOR, Notice, telling
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.pool import NumberStatus, Pool
from relay.domain.session import Channel
from relay.domain.trouble import Trouble
from relay.store.claims import Claimed, Exhausted
from relay.store.outbox import ASK_AFTER
from relay.workflows.ask_outcomes import ask_outcomes
from relay.workflows.board_on_record import read_board
from relay.workflows.check_texting import check_texting
from relay.workflows.close_session import close_session
from tests.workflows.texting import TO_CARL, UNCLEAR, Stage
from tests.world import CARL, DAN, EVE, NOW, NUMBER, OTHER_NUMBER, RITA

SUSPENDED = CarrierError(Trouble.ACCOUNT, 20005)
FAILED = "JobBoard: one of your texts could not be delivered. You can still call this number."
MORE_1 = "JobBoard: since our last message to you, 1 more of your texts was not delivered."
MORE_PICTURES = "JobBoard: {} more of your texts came with pictures, which were not delivered."
MORE_PICTURES_1 = "JobBoard: 1 more of your texts came with a picture, which was not delivered."
MORE = "JobBoard: since our last message to you, {} more of your texts were not delivered."


# --- account and moment -------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [12, 20 * 3600])
def test_p4_a_text_outlives_a_suspension_of_the_account(stage: Stage, seconds: float) -> None:
    until, carrier = stage.now + seconds, stage.carrier.messages
    send = carrier.send_text

    def send_text(**request: object) -> object:
        if stage.now < until:
            raise SUSPENDED
        return send(**request)  # type: ignore[arg-type]

    carrier.send_text = send_text  # type: ignore[method-assign, assignment]
    stage.text()
    stage.work()
    attempts = 1
    while not stage.arrived:
        attempts += 1
        stage.later(600)
    assert stage.arrived == [TO_CARL]
    assert attempts <= seconds / 600 + 3


def test_p4_a_notice_outlives_what_its_text_died_of(stage: Stage) -> None:
    message = stage.text().message
    while stage.now < stage.pair.session.created_at + DAY + 3600:
        stage.carrier.messages.troubles = 9 * [SUSPENDED]
        stage.later(600)
    assert stage.record(message).status == "failed"
    assert stage.arrived == []
    stage.carrier.messages.troubles = []
    stage.later(600)
    assert stage.arrived == [(RITA, FAILED)]


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        (Trouble.COUNTRY_CLOSED, 21408, "JobBoard: one of your texts could not be delivered."),
        (Trouble.FILTERED, 30007, "JobBoard: one of your texts could not be delivered."),
        (
            Trouble.LANDLINE,
            21614,
            "JobBoard: your text was not delivered. Texts do not reach the other person's phone.",
        ),
        (
            Trouble.OPTED_OUT,
            21610,
            (
                "JobBoard: your text was not delivered, since the other person has stopped texts"
                " from this number."
            ),
        ),
    ],
)
def test_nobody_is_told_to_call_where_only_texts_go(
    stage: Stage, trouble: Trouble, code: int, words: str
) -> None:
    stage.store.sessions.amend(
        stage.pair.session.id, channels=frozenset({Channel.SMS}), now=stage.now
    )
    stage.carrier.messages.troubles = [CarrierError(trouble, code)]
    stage.text()
    stage.work()
    assert stage.arrived == [(RITA, words)]


def test_nobody_is_told_to_call_when_the_session_has_ended(stage: Stage) -> None:
    """The text waited out a suspension, and its session did not."""
    stage.carrier.messages.troubles = [SUSPENDED, CarrierError(Trouble.NEVER, 21612)]
    stage.text()
    stage.work()
    close_session(stage.services, stage.pair.session.id, now=stage.now)
    stage.later(60)
    assert stage.arrived == [(RITA, FAILED.removesuffix(" You can still call this number."))]


def test_a_country_that_is_closed_is_known(stage: Stage) -> None:
    stage.carrier.messages.troubles = [CarrierError(Trouble.COUNTRY_CLOSED, 21408)]
    stage.text()
    stage.work()
    assert stage.arrived == [(RITA, FAILED)]
    board = read_board(stage.services)
    [check] = check_texting(board, now=stage.now)
    assert check.name == "texts to US"
    assert "open the country" in check.detail
    assert not list(check_texting(board, now=stage.now + DAY))
    # To open it would contradict what is said of the account: close what no pool serves.
    stage.store.pools.put(Pool(name="us", country="US", allowed_countries=("GB",)))
    assert not list(check_texting(read_board(stage.services), now=stage.now))
    assert stage.store.messages.refusals.all() == {"country_closed:21408": 1}


@pytest.mark.parametrize("is_refused_at_once", [False, True])
def test_waiting_for_the_moment_is_not_the_one_more_try(
    stage: Stage, is_refused_at_once: bool
) -> None:
    """What may pass in half a minute is tried once more, whatever else was waited for."""
    unclear = CarrierError(Trouble.UNCLEAR, 30008)
    if is_refused_at_once:
        stage.carrier.messages.troubles = [SUSPENDED, unclear]
    message = stage.text().message
    stage.work()
    if is_refused_at_once:
        stage.later(2)
    else:
        stage.report(message, "failed", 20005)
        stage.later(2)
        stage.report(message, "undelivered", 30008)
    assert not stage.record(message).status.is_final
    stage.later(30)
    assert stage.arrived[-1] == TO_CARL
    stage.report(message, "undelivered", 30008)
    assert stage.record(message).status == "undelivered"


def test_a_text_that_had_to_wait_first_is_not_given_up_at_its_first_21606(stage: Stage) -> None:
    busy = CarrierError(Trouble.LATER, 20429, retry_after=5)
    stage.carrier.messages.troubles = [busy, CarrierError(Trouble.NOT_OURS, 21606)]
    stage.text()
    stage.work()
    for seconds in (5, 60):
        assert stage.arrived == []
        stage.later(seconds)
    assert stage.arrived == [TO_CARL]


def test_a_refusal_that_is_worth_one_more_try_is_worth_no_third(stage: Stage) -> None:
    stage.carrier.messages.troubles = 2 * [CarrierError(Trouble.UNCLEAR, 30008)]
    message = stage.text().message
    stage.work()
    stage.later(30)
    assert (stage.record(message).status, stage.record(message).attempts) == ("failed", 2)


# --- our number ---------------------------------------------------------------------------


def texting_pair(stage: Stage) -> str | None:
    """On which number two others get a session that texts; None on none."""
    claimed = stage.pair.claim(EVE, DAN, channels=frozenset({Channel.SMS}))
    if isinstance(claimed, Exhausted):
        assert claimed.reason == "no_sms_number"
        return None
    assert isinstance(claimed, Claimed)
    return claimed.session.virtual_number


def age(stage: Stage, seconds: int) -> None:
    """The number came to us so long ago."""
    stage.client.hset(f"{{main}}/us:number:{NUMBER}", "imported_at", int(stage.now) - seconds)


@pytest.mark.parametrize("code", [30034, 30032])
def test_a_number_that_may_not_text_is_given_to_nobody_who_texts(
    stage: Stage, message: str, code: int
) -> None:
    age(stage, 2 * DAY)
    stage.report(message, "undelivered", code)
    stage.work()
    assert stage.arrived[1] == (RITA, FAILED)
    number = stage.store.numbers.get(NUMBER)
    assert number is not None
    assert (number.is_sms_ready, number.sms_trouble and number.sms_trouble.code) == (False, code)
    [check] = check_texting(replace(read_board(stage.services), numbers=(number,)), now=stage.now)
    assert check.name == f"texts {code}"
    assert texting_pair(stage) == OTHER_NUMBER


def test_where_every_number_is_refused_the_reason_is_named(stage: Stage, message: str) -> None:
    age(stage, 2 * DAY)
    stage.store.numbers.set_status(OTHER_NUMBER, "us", NumberStatus.RESERVED)
    stage.report(message, "undelivered", 30034)
    assert texting_pair(stage) is None
    assert stage.pair.claim(EVE, DAN, channels=frozenset({Channel.VOICE}))
    stage.store.numbers.trust_texts(NUMBER, "us")
    number = stage.store.numbers.get(NUMBER)
    assert number is not None
    assert number.is_sms_ready


def test_the_pair_s_own_session_goes_on_there(stage: Stage, message: str) -> None:
    age(stage, 2 * DAY)
    stage.report(message, "undelivered", 30034)
    again = stage.pair.connect(RITA, CARL)
    assert again.id == stage.pair.session.id


@pytest.mark.parametrize("is_refused_at_once", [False, True])
def test_a_young_number_s_registration_is_waited_for(
    stage: Stage, is_refused_at_once: bool
) -> None:
    age(stage, 600)
    if is_refused_at_once:
        stage.carrier.messages.troubles = [CarrierError(Trouble.UNREGISTERED, 30024)]
    message = stage.text().message
    stage.work()
    if not is_refused_at_once:
        stage.report(message, "undelivered", 30024)
    assert stage.record(message).status in {"queued", "received"}
    number = stage.store.numbers.get(NUMBER)
    assert number is not None
    assert not number.is_sms_ready
    stage.later(3)
    assert stage.arrived[-1] == TO_CARL
    stage.report(message, "delivered")
    number = stage.store.numbers.get(NUMBER)
    assert number is not None
    assert number.is_sms_ready


def is_ready(stage: Stage) -> bool:
    number = stage.store.numbers.get(NUMBER)
    assert number is not None
    return number.is_sms_ready


def test_a_text_that_was_passed_on_ends_the_trouble_where_nobody_reports_deliveries(
    stage: Stage, message: str
) -> None:
    age(stage, 2 * DAY)
    stage.report(message, "undelivered", 30034)
    stage.now += 2
    second = stage.text().message
    stage.work()
    stage.report(second, "sent")
    assert not is_ready(stage)
    stage.carrier.messages.status = "sent"
    stage.now += ASK_AFTER
    ask(stage)
    assert is_ready(stage)


def test_a_text_that_was_passed_on_before_the_trouble_ends_none(stage: Stage, message: str) -> None:
    age(stage, 2 * DAY)
    stage.report(message, "sent")
    stage.now += 2
    second = stage.text().message
    stage.work()
    stage.report(second, "undelivered", 30034)
    stage.carrier.messages.status = "sent"
    stage.now += ASK_AFTER
    assert ask(stage) == 1
    assert not is_ready(stage)


def test_a_text_from_before_the_trouble_ends_none(stage: Stage, message: str) -> None:
    age(stage, 2 * DAY)
    stage.now += 2
    second = stage.text().message
    stage.work()
    stage.now += 2
    stage.report(second, "undelivered", 30034)
    stage.report(message, "delivered")
    number = stage.store.numbers.get(NUMBER)
    assert number is not None
    assert not number.is_sms_ready


def test_a_text_handed_over_at_the_moment_of_the_trouble_ends_none() -> None:
    stage = Stage(now=float(int(NOW)))
    age(stage, 2 * DAY)
    refused, taken = stage.text().message, stage.text(CARL).message
    stage.work()
    stage.report(refused, "undelivered", 30034)
    stage.report(taken, "delivered")
    assert not is_ready(stage)


def test_a_number_that_has_left_the_pool_is_passed_over(stage: Stage, message: str) -> None:
    stage.client.delete(f"{{main}}/us:number:{NUMBER}")
    stage.report(message, "undelivered", 30034)
    assert not stage.client.getbit("{main}/us:sms-unready", 0)
    assert not stage.client.exists(f"{{main}}/us:number:{NUMBER}")


# --- the receiver -------------------------------------------------------------------------


def reach(stage: Stage, role: Role = Role.CANDIDATE) -> Reach:
    person = stage.store.people.get(role, stage.pair.session.party(role).ref)
    assert person is not None
    return person.sms


@pytest.mark.parametrize(
    ("code", "known"),
    [(30006, Reach.LANDLINE), (30005, Reach.UNREACHABLE), (30007, Reach.OK), (21610, Reach.OK)],
)
def test_a_phone_that_texts_do_not_reach_is_known(
    stage: Stage, message: str, code: int, known: Reach
) -> None:
    stage.report(message, "undelivered", code)
    assert reach(stage) is known
    assert reach(stage, Role.RECRUITER) is Reach.OK


def test_a_refused_receiver_is_known_and_the_next_delivery_clears_it(stage: Stage) -> None:
    stage.carrier.messages.troubles = [CarrierError(Trouble.LANDLINE, 21614)]
    stage.text()
    stage.work()
    assert reach(stage) is Reach.LANDLINE
    message = stage.text().message
    stage.work()
    stage.report(message, "delivered")
    assert reach(stage) is Reach.OK


def test_a_handset_that_is_off_is_unreachable_after_two_tries(stage: Stage, message: str) -> None:
    stage.report(message, "undelivered", 30003)
    assert reach(stage) is Reach.OK
    stage.later(30)
    stage.report(message, "undelivered", 30003)
    assert reach(stage) is Reach.UNREACHABLE


def test_a_new_phone_begins_anew(stage: Stage, message: str) -> None:
    stage.report(message, "undelivered", 30006)
    stage.move(Role.CANDIDATE, "+12125550127")
    assert reach(stage) is Reach.OK
    other = stage.text(body="there?").message
    stage.work()
    stage.report(other, "undelivered", 30005)
    assert reach(stage) is Reach.UNREACHABLE


def test_a_late_report_about_a_former_phone_says_nothing_of_the_new_one(
    stage: Stage, message: str
) -> None:
    stage.report(message, "sent")
    stage.move(Role.CANDIDATE, "+12125550127")
    other = stage.text(body="there?").message
    stage.work()
    stage.report(other, "undelivered", 30006)
    stage.report(message, "undelivered", 30005)
    assert reach(stage) is Reach.LANDLINE
    stage.report(message, "delivered")
    assert reach(stage) is Reach.LANDLINE


def test_a_late_report_of_a_closed_session_takes_no_other_phone_s_place(
    stage: Stage, message: str
) -> None:
    stage.report(message, "sent")
    stage.client.hset("{main}:reach", "candidate:c-0127", "landline new")
    stage.now += 40 * DAY
    stage.report(message, "undelivered", 30005)
    assert stage.client.hget("{main}:reach", "candidate:c-0127") == "landline new"


def test_what_has_arrived_of_an_earlier_attempt_says_nothing_of_a_new_phone(
    stage: Stage, message: str
) -> None:
    first = stage.record(message).attempt
    stage.report(message, "undelivered", 30003)
    stage.move(Role.CANDIDATE, "+12125550127")
    stage.later(30)
    other = stage.text(body="there?").message
    stage.work()
    stage.report(other, "undelivered", 30006)
    stage.report(message, "delivered", attempt=first)
    assert reach(stage) is Reach.LANDLINE


def test_nothing_is_noted_of_somebody_erased(stage: Stage, message: str) -> None:
    stage.report(message, "sent")
    stage.store.erasures.erase(Role.CANDIDATE, stage.pair.session.candidate.ref, now=stage.now)
    stage.report(message, "undelivered", 30006)
    assert not stage.client.exists("{main}:reach")


def test_an_erasure_forgets_what_was_noted(stage: Stage, message: str) -> None:
    stage.report(message, "undelivered", 30006)
    assert stage.client.exists("{main}:reach")
    stage.store.erasures.erase(Role.CANDIDATE, stage.pair.session.candidate.ref, now=stage.now)
    assert not stage.client.exists("{main}:reach")


def test_that_a_phone_is_not_reached_is_told_once_a_session_and_day(stage: Stage) -> None:
    for day in (0, 1):
        for _ in range(3):
            stage.carrier.messages.troubles = [CarrierError(Trouble.LANDLINE, 21614)]
            stage.text()
            stage.work()
        assert len(stage.arrived) == day + 1
        stage.later(DAY)
    assert {to for to, _ in stage.arrived} == {RITA}
    assert "do not reach" in stage.arrived[0][1]


# --- told at once, and then by their count ------------------------------------------------


def undelivered(stage: Stage) -> None:
    message = stage.text(body=f"at {stage.now}").message
    stage.work()
    for _ in range(2):
        stage.report(message, "undelivered", 30003)
        stage.later(60)


def deliver_notice(stage: Stage, notice: Notice) -> None:
    """Rita's phone has it."""
    told = telling(notice, session=stage.pair.session.id, to=Role.RECRUITER, now=stage.now)
    stage.report(told.id, "delivered")


def test_p4_a_late_report_of_the_notice_before_takes_no_later_one_along(stage: Stage) -> None:
    undelivered(stage)
    message = stage.text(body="back?").message
    stage.work()
    stage.report(message, "delivered")
    gone = stage.text(body="gone again").message
    stage.work()
    stage.report(gone, "undelivered", 30006)
    deliver_notice(stage, Notice.TEXTS_NOT_RECEIVED)
    stage.work()
    # The one notice arrived after both had failed.
    assert [to for to, _ in stage.arrived].count(RITA) == 1


def test_p4_a_phone_that_is_out_of_reach_again_after_a_delivery_is_told_of_anew(
    stage: Stage,
) -> None:
    undelivered(stage)
    undelivered(stage)
    assert [to for to, _ in stage.arrived].count(RITA) == 1
    deliver_notice(stage, Notice.TEXTS_NOT_RECEIVED)
    message = stage.text(body="back?").message
    stage.work()
    stage.report(message, "delivered")
    undelivered(stage)
    assert [to for to, _ in stage.arrived].count(RITA) == 2


def test_a_phone_that_answers_each_notice_of_a_stop_by_itself_comes_to_rest(stage: Stage) -> None:
    stage.text(CARL, "STOP")
    stage.work()
    answered = 0
    for _ in range(3 * 24 * 4):
        told = [to for to, _ in stage.arrived if to == RITA]
        for _ in told[answered:]:
            stage.text(body=f"I am away until Monday ({stage.now})")
            stage.work()
        answered = len(told)
        stage.later(900)
    assert answered == 2


def test_a_stop_after_a_start_is_told_of_anew(stage: Stage) -> None:
    for word in ("STOP", "START", "STOP"):
        stage.now += 1
        stage.text(CARL, word)
        stage.now += 1
        message = stage.text(body=f"after {word}").message
        stage.work()
        if word == "START":
            stage.report(message, "delivered")
        else:
            deliver_notice(stage, Notice.TEXTS_PAUSED)
    told = [body for to, body in stage.arrived if to == RITA and "your text was" in body]
    assert len(told) == 2


def test_what_is_still_to_be_told_is_not_told_twice_after_a_delivery(stage: Stage) -> None:
    message, other = stage.text(body="one").message, stage.text(body="two").message
    stage.work()
    stage.report(message, "undelivered", 30006)
    stage.report(other, "delivered")
    stage.work()
    assert [to for to, _ in stage.arrived].count(RITA) == 1


def test_failures_of_one_kind_are_told_at_once_and_then_by_their_count(stage: Stage) -> None:
    for _ in range(4):
        stage.report(_sent(stage), "undelivered", 30007)
        stage.work()
    told = [body for to, body in stage.arrived if to == RITA]
    assert told == [FAILED]
    stage.later(GATHERED_FOR + 60)
    stage.later(60)
    told = [body for to, body in stage.arrived if to == RITA]
    assert told == [FAILED, MORE.format(3)]
    stage.later(GATHERED_FOR)
    assert len([body for to, body in stage.arrived if to == RITA]) == 2


def test_nothing_waits_behind_a_notice_that_counts(stage: Stage) -> None:
    for _ in range(2):
        stage.report(_sent(stage), "undelivered", 30007)
        stage.work()
    stage.text(CARL, "hello Rita")
    stage.work()
    assert stage.arrived[-1] == (RITA, "hello Rita")


def test_a_notice_that_counts_does_not_go_before_its_time(stage: Stage) -> None:
    for _ in range(2):
        stage.report(_sent(stage), "undelivered", 30007)
    counting = f"{stage.notice(Notice.TEXT_FAILED)}.more"
    stage.send(counting)
    assert stage.record(counting).status == "received"
    assert counting in stage.client.zrange("{main}:outbox", 0, -1)


def test_each_side_is_told_of_its_own(stage: Stage) -> None:
    for sender in (RITA, CARL):
        stage.report(_sent(stage, sender), "undelivered", 30007)
    stage.work()
    assert sorted(to for to, body in stage.arrived if body == FAILED) == sorted([RITA, CARL])


@pytest.mark.parametrize("words", ["", "my CV"])
@pytest.mark.parametrize(("count", "said"), [(1, MORE_PICTURES_1), (4, MORE_PICTURES.format(4))])
def test_pictures_are_told_of_by_their_count_too(
    stage: Stage, words: str, count: int, said: str
) -> None:
    """What was written with them is delivered, and said of no text."""
    for _ in range(count + 1):
        stage.text(body=words, media=1)
    stage.work()
    stage.later(5)
    stage.later(GATHERED_FOR + 60)
    assert [body for to, body in stage.arrived if to == RITA][1:] == [said]


def test_one_more_failure_is_told_of_as_one(stage: Stage) -> None:
    for _ in range(2):
        stage.report(_sent(stage), "undelivered", 30007)
    stage.later(GATHERED_FOR + 60)
    stage.later(60)
    assert stage.arrived[-1] == (RITA, MORE_1)


def _sent(stage: Stage, sender: str = RITA) -> str:
    message = stage.text(sender).message
    stage.work()
    return message


# --- evidence outweighs order -------------------------------------------------------------


def test_p4_a_late_delivery_of_an_earlier_attempt_ends_a_pending_try(
    stage: Stage, message: str
) -> None:
    first = stage.record(message).attempt
    stage.report(message, "undelivered", 30008)
    stage.report(message, "delivered", attempt=first)
    assert stage.record(message).status == "delivered"
    stage.later(60)
    assert stage.arrived == [TO_CARL]


def test_p4_a_late_delivery_counts_beside_a_try_under_way(stage: Stage, message: str) -> None:
    first = stage.record(message).attempt
    stage.report(message, "undelivered", 30008)
    carrier = stage.carrier.messages
    send = carrier.send_text

    def report_meanwhile(**request: object) -> object:
        stage.report(message, "delivered", attempt=first)
        return send(**request)  # type: ignore[arg-type]

    carrier.send_text = report_meanwhile  # type: ignore[method-assign, assignment]
    stage.later(30)
    stage.report(message, "undelivered", 30008, sid="SMsecond")
    assert stage.record(message).status == "delivered"
    assert stage.client.zcard("{main}:lanes") == 0
    stage.later(60)
    assert [to for to, _ in stage.arrived] == [CARL, CARL]


def test_p4_what_has_arrived_was_not_undelivered(stage: Stage, message: str) -> None:
    stage.report(message, "undelivered", 30007)
    stage.report(message, "delivered")
    record = stage.record(message)
    assert (record.status, record.error_code) == ("delivered", None)
    stage.report(message, "failed", 30007)
    assert stage.record(message).status == "delivered"


# --- asked, where nobody reports ----------------------------------------------------------


def ask(stage: Stage) -> int:
    return ask_outcomes(stage.services, clock=lambda: stage.now)


def test_p4_a_text_whose_reports_are_lost_is_asked_about(stage: Stage, message: str) -> None:
    stage.now += ASK_AFTER - 1
    assert ask(stage) == 0
    stage.now += 1
    stage.carrier.messages.status = "delivered"
    assert ask(stage) == 1
    assert stage.record(message).status == "delivered"
    stage.now += DAY
    assert ask(stage) == 0


def assert_failure_is_told_when_asked(stage: Stage, message: str) -> None:
    stage.carrier.messages.reports[stage.record(message).carrier_sid] = _failure()
    stage.now += ASK_AFTER
    ask(stage)
    stage.work()
    assert stage.record(message).status == "undelivered"
    assert stage.arrived == [TO_CARL, (RITA, FAILED)]


def test_p4_a_failure_that_nobody_reported_tells_the_sender(stage: Stage, message: str) -> None:
    assert_failure_is_told_when_asked(stage, message)


def _failure() -> MessageStatusReport:
    return MessageStatusReport(message_sid="SM1", status="undelivered", error_code=30007)


def test_what_is_reported_is_not_asked_about(stage: Stage, message: str) -> None:
    stage.report(message, "delivered")
    assert stage.client.zcard("{main}:unreported") == 0


def overtake_the_answer(stage: Stage, status: str, code: int = 0) -> str:
    """A text whose report comes before the carrier's answer to its request; it is reported as
    ``status`` by then."""
    message = stage.text().message
    carrier = stage.carrier.messages
    send = carrier.send_text

    def send_text(**request: object) -> object:
        sent = send(**request)  # type: ignore[arg-type]
        stage.report(message, status, code, sid=sent.sid)
        return sent

    carrier.send_text = send_text  # type: ignore[method-assign, assignment]
    stage.work()
    carrier.send_text = send  # type: ignore[method-assign]
    return message


def test_p4_a_text_whose_first_report_overtakes_the_answer_is_asked_about(stage: Stage) -> None:
    message = overtake_the_answer(stage, "sent")
    stage.carrier.messages.status = "delivered"
    stage.now += ASK_AFTER
    assert ask(stage) == 1
    assert stage.record(message).status == "delivered"


@pytest.mark.parametrize(("status", "code"), [("delivered", 0), ("undelivered", 30007)])
def test_a_final_report_that_overtakes_the_answer_is_the_last_word(
    stage: Stage, status: str, code: int
) -> None:
    message = overtake_the_answer(stage, status, code)
    assert stage.record(message).status == status
    assert stage.client.zscore("{main}:unreported", message) is None


@pytest.mark.parametrize("status", ["failed", "undelivered"])
def test_p4_the_sender_of_a_text_that_is_found_to_have_failed_is_told(
    stage: Stage, status: str
) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = True
    stage.carrier.messages.status = status
    message = stage.text().message
    stage.work()
    stage.later(REPORT_GRACE)
    assert_failure_is_told_when_asked(stage, message)


def test_what_stays_sent_is_asked_about_a_few_times_in_a_day(stage: Stage, message: str) -> None:
    stage.carrier.messages.status = "sent"
    asked = 0
    for _ in range(3 * 24 * 60):
        stage.now += 60
        asked += ask(stage)
    assert 4 <= asked <= 6
    assert stage.record(message).status == "sent"
    assert stage.client.zcard("{main}:unreported") == 0


def test_what_stays_sent_is_asked_about_for_the_last_time_when_it_is_a_day_old(
    stage: Stage, message: str
) -> None:
    stage.carrier.messages.status = "sent"
    stage.now += DAY / 4
    assert ask(stage) == 1
    stage.now += 3 * DAY / 4 - 1
    assert ask(stage) == 0
    stage.now += 1
    assert (ask(stage), ask(stage)) == (1, 0)
    assert stage.client.zcard("{main}:unreported") == 0


def refuse_to_say(stage: Stage, message: str, error: CarrierError) -> None:
    stage.carrier.messages.reports[stage.record(message).carrier_sid] = error


def test_a_carrier_that_does_not_say_is_asked_again(stage: Stage, message: str) -> None:
    refuse_to_say(stage, message, CarrierError(Trouble.ACCOUNT, 20003))
    stage.now += ASK_AFTER
    assert (ask(stage), ask(stage)) == (1, 0)
    stage.carrier.messages.reports.clear()
    stage.carrier.messages.status = "delivered"
    stage.now += ASK_AFTER
    assert ask(stage) == 1
    assert stage.record(message).status == "delivered"


GONE = CarrierError(Trouble.NEVER, 20404)


def test_p4_a_text_that_the_carrier_lost_before_it_left_has_failed(
    stage: Stage, message: str
) -> None:
    refuse_to_say(stage, message, GONE)
    stage.now += ASK_AFTER
    ask(stage)
    stage.work()
    assert (stage.record(message).status, stage.record(message).error_code) == ("failed", 20404)
    assert stage.record(message).carrier_sid, "still known by what the carrier called it"
    assert stage.arrived == [TO_CARL, (RITA, FAILED)]
    assert stage.client.zscore("{main}:unreported", message) is None


@pytest.mark.parametrize("status", [302, 400, 402, 404, 405, 407, 410])
def test_p4_an_answer_of_nobody_s_leaves_a_text_as_it_is(
    stage: Stage, message: str, status: int
) -> None:
    refuse_to_say(stage, message, refusal(status, "<html>", {}, creates=False))
    stage.now += ASK_AFTER
    assert ask(stage) == 1
    assert stage.record(message).status == "queued"
    stage.carrier.messages.reports.clear()
    stage.carrier.messages.status = "delivered"
    stage.now += ASK_AFTER
    assert ask(stage) == 1
    assert stage.record(message).status == "delivered"


def test_p4_another_account_s_word_leaves_a_text_as_it_is(stage: Stage, message: str) -> None:
    refuse_to_say(stage, message, GONE)
    key = next(iter(stage.client.keys(f"{{main}}*:number:{NUMBER}")))
    stage.client.hset(key, "account", "AC" + "9" * 32)
    asked = 0
    for _ in range(2 * 24 * 60):
        stage.now += 60
        asked += ask(stage)
    assert 4 <= asked <= 6
    assert stage.record(message).status == "queued"
    assert stage.arrived == [TO_CARL]
    assert stage.client.zcard("{main}:unreported") == 0


def test_a_text_whose_record_is_deleted_after_it_left_stays_sent(
    stage: Stage, message: str
) -> None:
    stage.report(message, "sent")
    refuse_to_say(stage, message, GONE)
    stage.now += ASK_AFTER
    assert ask(stage) == 1
    assert stage.record(message).status == "sent"
    assert stage.client.zcard("{main}:unreported") == 0


def test_a_damaged_record_keeps_no_other_from_being_asked_about(stage: Stage, message: str) -> None:
    other = stage.text(body="and?").message
    stage.work()
    stage.client.hset(f"{{main}}:message:{message}", "status", "rubbish")
    stage.carrier.messages.status = "delivered"
    stage.now += ASK_AFTER
    with pytest.raises(ValueError, match="rubbish"):
        ask(stage)
    stage.now += 60
    assert ask(stage) == 1
    assert stage.record(other).status == "delivered"


def test_what_is_gone_is_forgotten(stage: Stage, message: str) -> None:
    stage.client.delete(f"{{main}}:message:{message}")
    stage.now += ASK_AFTER
    assert ask(stage) == 1
    assert stage.client.zcard("{main}:unreported") == 0


def test_a_run_ends_in_time(stage: Stage, message: str) -> None:
    moments = iter([stage.now, stage.now + ASK_AFTER, stage.now + ASK_AFTER, stage.now + ASK_AFTER])
    assert ask_outcomes(stage.services, clock=lambda: next(moments)) == 0
    ends_now = iter([stage.now + ASK_AFTER, *[stage.now + ASK_AFTER + 20.0] * 4])
    assert ask_outcomes(stage.services, clock=lambda: next(ends_now)) == 0
    assert stage.client.zcard("{main}:unreported") == 1
