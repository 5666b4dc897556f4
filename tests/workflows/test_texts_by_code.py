"""Texts of a recruiter who has several sessions on one number: the code says whose they are."""

from __future__ import annotations

from typing import Any

import pytest

from relay.carrier.messages import ListedText, SentText
from relay.carrier.webhooks import InboundText
from relay.domain.errors import CarrierError
from relay.domain.message_progress import REPORT_GRACE
from relay.domain.notices import Notice
from relay.domain.participant import RecruiterDetails, Role
from relay.domain.session import Channel, ClosedReason, Session
from relay.domain.texts import AcceptState, second_id
from relay.domain.trouble import Trouble
from relay.store.keys import PoolKeys
from relay.store.notices import ASKED_ABOUT_SAME_WORDS, ASKED_AN_HOUR
from relay.store.outbox import LEASE
from relay.store.records import draws_for
from relay.workflows.ask_which_session import ask_which_session
from relay.workflows.list_interactions import list_session_interactions
from relay.workflows.reconcile_inbound import reconcile_inbound
from relay.workflows.register_participant import register_recruiter
from relay.workflows.relay_text import TextAnswer, relay_text
from relay.workflows.send_text import send_text
from relay.workflows.sweep_outbox import sweep_outbox
from relay.workflows.word_answer import word_answer
from tests.workflows.texting import UNCLEAR, Stage, share_the_number
from tests.world import CARL, EVE, NORA, NOW, NUMBER, RITA, US, index_of, make_world


@pytest.fixture
def eve(stage: Stage) -> Session:
    """Rita has a second session on NUMBER, with Eve; the first one is with Carl."""
    return share_the_number(stage)


def code_of(stage: Stage, session: Session) -> str:
    found = stage.store.sessions.get(session.id)
    assert found is not None
    return found.access_code


def fetch_later(stage: Stage, body: str) -> None:
    """Rita's text comes from the carrier's list: nobody waits for an answer."""
    stage.carrier.messages.inbound = [ListedText(text=stage.inbound(body=body), received_at=NOW)]
    reconcile_inbound([stage.services], clock=lambda: NOW)
    stage.work()


def test_p1_the_code_in_front_names_the_session_and_is_not_relayed(
    stage: Stage, eve: Session
) -> None:
    stage.text(body=f"{eve.access_code} Hello Eve")
    stage.text(body=f"{code_of(stage, stage.pair.session)}: Hello Carl")
    stage.work()
    assert stage.arrived == [(EVE, "Hello Eve"), (CARL, "Hello Carl")]


@pytest.mark.parametrize("body", ["Hello", "999999 Hello", "12 Hello"])
def test_p1_without_a_code_nobody_gets_the_text_and_its_sender_is_asked(
    stage: Stage, eve: Session, body: str
) -> None:
    answer = stage.text(body=body)
    assert (answer.outcome, answer.tell) == ("several", Notice.WHICH_SESSION)
    assert not stage.jobs.noted
    question = ask_which_session(
        stage.services, index=index_of(RITA), number=NUMBER, locale="en", now=NOW
    )
    assert question.startswith("JobBoard: your text was not delivered")
    assert "no right code stood before your words" in question
    assert set(question.splitlines()[1:]) == {
        f"{eve.access_code} Cook, Acme",
        code_of(stage, stage.pair.session),
    }


def test_a_code_without_words_is_asked_about(stage: Stage, eve: Session) -> None:
    assert stage.text(body=eve.access_code).outcome == "several"


def test_a_picture_with_a_code_gets_its_notice(stage: Stage, eve: Session) -> None:
    answer = stage.text(body=eve.access_code, media=1)
    assert answer.outcome == "accepted"
    stage.send(stage.notice(Notice.PICTURE_NOT_RELAYED, session=eve.id))
    ((to, body),) = stage.arrived
    assert to == RITA
    assert body.startswith(f"{eve.access_code} Cook, Acme: JobBoard: pictures")


def test_a_question_is_asked_often_but_not_without_end(stage: Stage, eve: Session) -> None:
    asked = [stage.text(body=f"hello {count}").tell for count in range(ASKED_AN_HOUR + 1)]
    assert asked == [Notice.WHICH_SESSION] * ASKED_AN_HOUR + [None]


def test_a_phone_that_answers_the_question_by_itself_is_soon_asked_no_more(
    stage: Stage, eve: Session
) -> None:
    answers = ["I am driving.", "I AM  driving."] * ASKED_ABOUT_SAME_WORDS
    asked = [stage.text(body=answer).tell for answer in answers]
    assert asked == [Notice.WHICH_SESSION] * ASKED_ABOUT_SAME_WORDS + [None] * (len(answers) // 2)
    assert stage.text(body="Which of you was it?").tell is Notice.WHICH_SESSION


def test_p1_the_code_of_a_closed_session_gets_no_longer_connected(
    stage: Stage, eve: Session
) -> None:
    stage.store.sessions.close(eve.id, ClosedReason.BY_API, now=NOW)
    answer = stage.text(body=f"{eve.access_code} Hello")
    assert (answer.outcome, answer.tell) == ("closed", Notice.NO_LONGER_CONNECTED)
    question = ask_which_session(
        stage.services, index=index_of(RITA), number=NUMBER, locale="en", now=NOW
    )
    assert eve.access_code not in question


def told(stage: Stage, answer: TextAnswer) -> str:
    return word_answer(stage.services, answer, number=NUMBER, now=stage.now)


@pytest.mark.parametrize("end", ["closed", "expired", "no_sms"])
def test_a_refusal_names_the_session_it_is_about(stage: Stage, eve: Session, end: str) -> None:
    if end == "closed":
        stage.store.sessions.close(eve.id, ClosedReason.BY_API, now=NOW)
    elif end == "expired":
        stage.now = eve.expires_at
    else:
        stage.pair.connect(RITA, EVE, context="Cook, Acme", channels=frozenset({Channel.VOICE}))
    answer = stage.text(body=f"{eve.access_code} Hello")
    words = "JobBoard: this number is for calls" if end == "no_sms" else "This number no longer"
    assert answer.outcome == end
    assert told(stage, answer).startswith(f"{eve.access_code} Cook, Acme: {words}")


def test_a_refusal_of_a_text_fetched_later_names_its_session(stage: Stage, eve: Session) -> None:
    stage.store.sessions.close(eve.id, ClosedReason.BY_API, now=NOW - 40)
    fetch_later(stage, f"{eve.access_code} Hello")
    ((to, body),) = stage.arrived
    assert to == RITA
    assert body.startswith(f"{eve.access_code} Cook, Acme: This number no longer connects you")


def test_p1_a_refusal_to_a_candidate_names_no_code(stage: Stage, eve: Session) -> None:
    stage.store.sessions.close(eve.id, ClosedReason.BY_API, now=NOW)
    assert told(stage, stage.text(EVE, "Hello")).startswith("This number no longer")


def test_a_refusal_to_a_recruiter_of_one_session_names_no_code(stage: Stage) -> None:
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    assert told(stage, stage.text(body="Hello")).startswith("This number no longer")


def test_who_is_told_nothing_gets_no_words(stage: Stage, eve: Session) -> None:
    assert told(stage, stage.text(EVE, "Hello")) == ""


def test_who_wrote_to_several_is_told_which_at_once(stage: Stage, eve: Session) -> None:
    assert f"{eve.access_code} Cook, Acme" in told(stage, stage.text(body="Hello")).splitlines()


def test_p1_a_phone_that_its_recruiter_has_left_is_told_no_codes() -> None:
    """Somebody else may have it by now."""
    world = make_world()
    sessions = [world.open("rita", candidate) for candidate in ("carl", "dan")]
    register_recruiter(
        world.services,
        "rita",
        RecruiterDetails(phone=NORA),
        client_id="board",
        now=NOW,
    )
    for place, body in enumerate(("hi", f"{sessions[1].access_code} hi")):
        text = InboundText(
            message_sid=f"SM{place:032d}", sender=RITA, virtual_number=NUMBER, body=body
        )
        answer = relay_text(world.services, text, now=NOW)
        assert answer.outcome == "closed"
        words = word_answer(world.services, answer, number=NUMBER, now=NOW)
        assert words == "" or words.startswith("This number no longer")


def test_p3_no_code_of_an_expired_session_is_offered(stage: Stage, eve: Session) -> None:
    stage.now = NOW + 8 * 24 * 3600
    assert stage.text(RITA, "hi").tell is Notice.NO_LONGER_CONNECTED


def test_each_closed_session_is_told_about_once_a_day(stage: Stage, eve: Session) -> None:
    for session in (eve, stage.pair.session):
        stage.store.sessions.close(session.id, ClosedReason.BY_API, now=NOW)
    carls = code_of(stage, stage.pair.session)
    told = [
        stage.text(body=f"{code} Hello").tell for code in (eve.access_code, carls, eve.access_code)
    ]
    assert told == [Notice.NO_LONGER_CONNECTED, Notice.NO_LONGER_CONNECTED, None]


def test_a_recruiter_of_one_session_may_send_its_code_too(stage: Stage) -> None:
    code = stage.pair.session.access_code
    other = f"{(int(code) + 1) % 10**6:06d}"
    stage.text(body=f"{code} Hello")
    stage.text(body=f"{other} is your room")
    stage.text(body=code)
    stage.work()
    assert stage.arrived == [(CARL, "Hello"), (CARL, f"{other} is your room"), (CARL, code)]


def test_a_candidate_s_text_names_the_session_to_that_recruiter(stage: Stage, eve: Session) -> None:
    stage.text(EVE, "Yes, at noon")
    stage.text(CARL, "Hi")
    stage.work()
    assert stage.arrived == [
        (RITA, f"{eve.access_code} Cook, Acme: Yes, at noon"),
        (RITA, f"{code_of(stage, stage.pair.session)}: Hi"),
    ]


def test_a_candidate_s_own_digits_are_no_code(stage: Stage, eve: Session) -> None:
    stage.text(EVE, f"{eve.access_code} is what I dialled")
    stage.text(CARL, f"{eve.access_code} is my room")
    stage.work()
    assert stage.arrived == [
        (RITA, f"{eve.access_code} Cook, Acme: {eve.access_code} is what I dialled"),
        (RITA, f"{code_of(stage, stage.pair.session)}: {eve.access_code} is my room"),
    ]


def test_what_its_code_prefix_makes_too_long_is_split_in_order(stage: Stage, eve: Session) -> None:
    text = numbered_words()
    answer = stage.text(EVE, text)
    stage.work()
    prefix = f"{eve.access_code} Cook, Acme"
    assert [to for to, _ in stage.arrived] == [RITA, RITA]
    first, second = (body for _, body in stage.arrived)
    assert first.startswith(f"{prefix} (1/2): 0000")
    assert second.startswith(f"{prefix} (2/2): ")
    assert first.split(": ")[1] + second.split(": ")[1] == text
    assert max(len(first), len(second)) <= 1600
    assert stage.record(answer.message).session == eve.id


def numbered_words() -> str:
    """A text that a prefix makes too long."""
    return "".join(f"{place:04d} " for place in range(320))


def halves(stage: Stage) -> str:
    """What arrived in two, put together again: each marked, and in order."""
    first, second = (body.partition(": ") for _, body in stage.arrived)
    assert first[0].endswith("(1/2)")
    assert second[0].endswith("(2/2)")
    return first[2] + second[2]


def test_a_text_that_gets_too_long_while_it_waits_is_split_in_order(stage: Stage) -> None:
    message = stage.text(CARL, numbered_words()).message
    stage.text(CARL, "and then")
    share_the_number(stage)
    stage.work()
    *_, last = stage.arrived
    assert last == (RITA, f"{code_of(stage, stage.pair.session)}: and then")
    stage.carrier.messages.sent.pop()
    assert halves(stage) == numbered_words()
    for part in (message, second_id(message)):
        stage.report(part, "delivered", sid=f"SM{part}")
        assert stage.record(part).status == "delivered"


def test_both_parts_of_a_split_text_are_listed(stage: Stage, eve: Session) -> None:
    message = stage.text(EVE, numbered_words()).message
    stage.work()
    page = list_session_interactions(stage.services, eve.id, before=None, limit=9)
    assert {interaction.id for interaction in page.interactions} == {message, second_id(message)}


def sealed(stage: Stage, text: str, message: str, session: Session) -> str:
    return stage.pair.vault.seal_text(
        text, board="main", message_id=message, session=session.id, reader=Role.RECRUITER
    )


@pytest.mark.parametrize("is_split", [False, True])
def test_p4_a_worker_that_dies_about_the_split_loses_nothing(
    stage: Stage, eve: Session, is_split: bool
) -> None:
    message = stage.text(EVE, numbered_words()).message
    outbox = stage.store.messages.outbox
    outbox.begin(message, token="dead", now=NOW)
    if is_split:
        first, second = numbered_words()[:800], numbered_words()[800:]
        assert outbox.split(
            message,
            token="dead",
            now=NOW,
            first=sealed(stage, first, message, eve),
            second=sealed(stage, second, second_id(message), eve),
        )
    stage.jobs.take()
    for _ in range(2):
        stage.now += LEASE
        sweep_outbox(stage.services, now=stage.now)
        stage.work()
    assert halves(stage) == numbered_words()
    assert stage.client.zcard(PoolKeys("main", "us").outbox) == 0


def test_p4_a_worker_whose_lease_is_over_splits_nothing(stage: Stage, eve: Session) -> None:
    message = stage.text(EVE, numbered_words()).message
    stage.jobs.take()
    moments = iter([NOW, NOW, NOW + 19])
    assert send_text(stage.services, message, clock=lambda: next(moments)) == message
    assert stage.arrived == []
    assert stage.store.messages.read(second_id(message)) is None
    stage.now += 30
    stage.send(message)
    assert halves(stage) == numbered_words()


@pytest.mark.parametrize("part", ["", ".2"])
def test_p4_a_lost_answer_to_either_part_is_settled_by_its_own_words(
    stage: Stage, eve: Session, part: str
) -> None:
    message = stage.text(EVE, numbered_words()).message
    carrier = stage.carrier.messages
    send, carrier.takes_despite_trouble = carrier.send_text, True

    def lose_one(**request: Any) -> SentText:
        if f"/{message}{part}/" in request["status_callback"]:
            carrier.troubles = [UNCLEAR]
        return send(**request)

    carrier.send_text = lose_one  # type: ignore[method-assign]
    stage.work()
    stage.now += REPORT_GRACE
    stage.send(message + part)
    assert halves(stage) == numbered_words()
    assert stage.client.zcard(PoolKeys("main", "us").outbox) == 0


def test_a_part_that_the_carrier_lost_goes_again_as_that_part(stage: Stage, eve: Session) -> None:
    message = stage.text(EVE, numbered_words()).message
    stage.work()
    stage.report(message, "undelivered", 30003)
    stage.now += 3600
    stage.send(message)
    (_, first), _, (_, again) = stage.arrived
    assert again == first


def test_who_has_stopped_texts_gets_no_part_of_one(stage: Stage, eve: Session) -> None:
    """And its sender is told once."""
    message = stage.text(EVE, numbered_words()).message
    stage.store.suppressions.stop(
        stage.pair.vault.indexes_of(RITA), NUMBER, since=NOW, cause="us.SMstop"
    )
    stage.work()
    assert [to for to, _ in stage.arrived] == [EVE]
    assert stage.record(message).status == "failed"


def test_a_longer_code_that_makes_a_text_too_long_splits_it_at_its_next_attempt(
    stage: Stage, eve: Session
) -> None:
    text = "x" * (1600 - len(f"{eve.access_code}: "))
    stage.carrier.messages.troubles = [CarrierError(Trouble.LATER, 20429, retry_after=30)]
    message = stage.text(EVE, text).message
    stage.work()
    signer = stage.services.vault.signer
    draws = draws_for(signer, "main", eve.recruiter.ref, eve.candidate.ref)
    (draw,) = (draw for draw in draws if draw.startswith(eve.access_code))
    longer = draw[: len(eve.access_code) + 1]
    stage.client.hset(PoolKeys("main", "us").message(message), "code", longer)
    stage.now += 30
    stage.send(message)
    assert halves(stage) == text


def test_a_long_text_that_still_fits_stays_whole(stage: Stage, eve: Session) -> None:
    text = "x" * (1600 - len(f"{eve.access_code} Cook, Acme: "))
    stage.text(EVE, text)
    stage.work()
    assert stage.arrived == [(RITA, f"{eve.access_code} Cook, Acme: {text}")]


def test_a_long_text_to_somebody_who_needs_no_code_stays_whole(stage: Stage) -> None:
    stage.text(CARL, "x" * 1600)
    stage.text(body="y" * 1600)
    stage.work()
    assert stage.arrived == [(RITA, "x" * 1600), (CARL, "y" * 1600)]


def test_a_text_that_waited_while_the_number_came_to_be_shared_names_its_session(
    stage: Stage,
) -> None:
    stage.text(CARL, "Hi")
    stage.text(CARL, "STOP")
    share_the_number(stage)
    stage.work()
    code = code_of(stage, stage.pair.session)
    (first, notice) = stage.arrived
    assert first == (RITA, f"{code}: Hi")
    assert notice[1].startswith(f"{code}: JobBoard: the other person has stopped texts")


def test_a_text_that_is_tried_again_names_its_session_by_then(stage: Stage) -> None:
    stage.carrier.messages.troubles = [CarrierError(Trouble.LATER, 20429, retry_after=30)]
    message = stage.text(CARL, "Hi").message
    stage.work()
    share_the_number(stage)
    stage.now += 30
    stage.send(message)
    assert stage.arrived == [(RITA, f"{code_of(stage, stage.pair.session)}: Hi")]


@pytest.mark.parametrize("is_taken", [True, False])
def test_p4_an_unsettled_text_is_looked_for_in_the_words_of_its_attempt(
    stage: Stage, is_taken: bool
) -> None:
    stage.carrier.messages.troubles = [UNCLEAR]
    stage.carrier.messages.takes_despite_trouble = is_taken
    message = stage.text(CARL, "Hi").message
    stage.work()
    share_the_number(stage)
    stage.now += REPORT_GRACE
    stage.send(message)
    words = "Hi" if is_taken else f"{code_of(stage, stage.pair.session)}: Hi"
    assert stage.arrived == [(RITA, words)]
    assert stage.record(message).status == "queued"


def test_a_text_of_a_pair_that_came_back_has_the_code_of_its_new_session(stage: Stage) -> None:
    message = stage.text(CARL, "Hi").message
    share_the_number(stage)
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    again = stage.pair.connect(RITA, CARL, now=NOW, context="Driver")
    assert (again.virtual_number, again.code_needed) == (NUMBER, True)
    stage.send(message)
    assert stage.arrived == [(RITA, f"{again.access_code} Driver: Hi")]


@pytest.mark.parametrize("is_fetched", [True, False])
def test_p1_who_wrote_to_none_of_several_closed_sessions_is_told_of_no_code(
    stage: Stage, eve: Session, is_fetched: bool
) -> None:
    """Nothing says which one the text was for, and nothing is guessed."""
    for session in (eve, stage.pair.session):
        stage.store.sessions.close(session.id, ClosedReason.BY_API, now=NOW - 40)
    refusal = "This number no longer connects you"
    if is_fetched:
        fetch_later(stage, "Hello")
        ((to, body),) = stage.arrived
        assert to == RITA
        assert body.startswith(refusal)
    else:
        assert told(stage, stage.text(body="Hello")).startswith(refusal)


def test_p4_a_failed_text_is_told_with_its_code(stage: Stage, eve: Session) -> None:
    answer = stage.text(body=f"{eve.access_code} Hello")
    stage.work()
    stage.report(answer.message, "undelivered", 30007)
    stage.work()
    to, body = stage.arrived[-1]
    assert to == RITA
    assert body.startswith(f"{eve.access_code} Cook, Acme: JobBoard: one of your texts")


def test_a_stop_is_told_with_its_code(stage: Stage, eve: Session) -> None:
    stage.text(EVE, "STOP")
    stage.work()
    ((to, body),) = stage.arrived
    assert to == RITA
    assert body.startswith(f"{eve.access_code} Cook, Acme: JobBoard: the other person")


def test_p4_a_text_fetched_later_is_asked_about_by_a_text(stage: Stage, eve: Session) -> None:
    fetch_later(stage, "Hello")
    ((to, body),) = stage.arrived
    assert to == RITA
    assert f"{eve.access_code} Cook, Acme" in body


def test_the_list_of_codes_fits_into_one_text(stage: Stage, eve: Session) -> None:
    for place in range(40):
        stage.pair.connect(
            RITA,
            f"+1646555{100 + place:04d}",
            candidate_ref=f"c-{place}",
            context="A long context " * 5,
        )
    question = ask_which_session(
        stage.services, index=index_of(RITA), number=NUMBER, locale="en", now=NOW
    )
    assert len(question) <= 1600
    assert question.endswith("The other codes are on JobBoard.")


def test_the_state_of_several_names_its_sender(stage: Stage, eve: Session) -> None:
    accepted = stage.text(body="Hello").accepted
    assert accepted is not None
    assert (accepted.state, accepted.index) == (AcceptState.SEVERAL, index_of(RITA))


def test_p1_the_code_of_a_session_that_only_its_candidate_still_cools_for_reaches_nobody(
    stage: Stage, eve: Session
) -> None:
    """The recruiter's own binding has gone: one is left there, with Carl."""
    late = NOW + US.recruiter_cooldown + 1
    carls = stage.pair.session
    stage.store.sessions.amend(carls.id, now=NOW, expires_at=int(late) + 1000)
    stage.store.sessions.close(eve.id, ClosedReason.BY_API, now=NOW)
    stage.store.recycling.release_cooled("us", now=late, batch=100, retention=10_000)
    stage.now = late

    answer = stage.text(body=f"{eve.access_code} Hello Eve, your offer is 90k")
    stage.work()
    assert answer.outcome == "closed"
    assert stage.arrived == []

    assert stage.text(body="123456 is your room", sid="SM2").outcome == "accepted"


def test_a_picture_of_a_split_text_is_listed_once(stage: Stage, eve: Session) -> None:
    stage.text(EVE, numbered_words(), media=1)
    stage.work()
    page = list_session_interactions(stage.services, eve.id, before=None, limit=9)
    assert sorted(one.media for one in page.interactions) == [0, 1]
