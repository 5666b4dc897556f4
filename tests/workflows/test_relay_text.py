from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from relay.domain.errors import Unavailable
from relay.domain.notices import Notice
from relay.domain.opt_out import OptOut
from relay.domain.participant import Role
from relay.domain.session import Channel, ClosedReason
from relay.store.keys import PoolKeys
from relay.store.messages import Messages
from tests.key_ring import move_number
from tests.workflows.test_change_phone import Overtaken
from tests.workflows.texting import Stage
from tests.world import CARL, DAN, NORA, NOW, NUMBER, OTHER_NUMBER, RITA, STRANGER


def test_a_text_goes_to_the_other_side_and_shows_the_virtual_number(stage: Stage) -> None:
    """P2"""
    answer = stage.text(body="héllo 👋")
    assert (answer.outcome, answer.tell) == ("accepted", None)
    assert stage.jobs.noted == [answer.message]
    stage.work()
    assert stage.carrier.messages.sent == [(NUMBER, CARL, "héllo 👋")]


@pytest.mark.parametrize(
    ("sender", "number", "outcome"),
    [
        (RITA, NUMBER, "accepted"),
        (STRANGER, NUMBER, "stranger"),
        (RITA, "+14155550199", "unknown_number"),
    ],
)
def test_texts_are_counted_by_what_becomes_of_them(
    stage: Stage, sender: str, number: str, outcome: str
) -> None:
    label = {"outcome": outcome}
    before = REGISTRY.get_sample_value("relay_texts_total", label) or 0.0
    stage.text(sender, number=number)
    assert REGISTRY.get_sample_value("relay_texts_total", label) == before + 1


def test_a_text_goes_back(stage: Stage) -> None:
    stage.text(CARL, "ok")
    stage.work()
    assert stage.carrier.messages.sent == [(NUMBER, RITA, "ok")]


def test_a_webhook_that_comes_twice_is_one_text(stage: Stage) -> None:
    """P4"""
    stage.text(sid="SM1")
    assert stage.text(sid="SM1").outcome == "duplicate"
    stage.work()
    assert len(stage.arrived) == 1


@pytest.mark.parametrize("sender", ["anonymous", "+266696687", "", "55501", "Acme", "client:rita"])
def test_who_is_no_person_gets_no_answer(stage: Stage, sender: str) -> None:
    answer = stage.text(sender)
    assert (answer.outcome, answer.tell) == ("ignored", None)


def test_an_empty_text_is_ignored(stage: Stage) -> None:
    assert stage.text(body="  ").outcome == "ignored"


def test_a_picture_without_words_goes_nowhere_and_its_sender_is_told(stage: Stage) -> None:
    stage.text(body="", media=1)
    assert stage.jobs.noted == ["us.SM" + "1".zfill(32)]
    stage.send(stage.notice(Notice.PICTURE_NOT_RELAYED))
    assert stage.arrived == [
        (RITA, "JobBoard: pictures are not passed on yet. Your picture was not delivered.")
    ]


def test_a_stranger_is_told_once_a_day(stage: Stage) -> None:
    assert stage.text(STRANGER, sid="SM1").tell is Notice.NOT_CONNECTED
    assert stage.text(STRANGER, sid="SM1").tell is Notice.NOT_CONNECTED
    assert stage.text(STRANGER, sid="SM2").tell is None
    assert stage.text(STRANGER, sid="SM2").locale == "en"


def test_an_expired_pair_is_told_in_its_language(stage: Stage) -> None:
    stage.pair.connect("+12125550103", "+12125550104", candidate_locale="zh-CN")
    stage.now = stage.pair.session.expires_at + 100
    answer = stage.text("+12125550104")
    assert (answer.outcome, answer.tell, answer.locale) == (
        "expired",
        Notice.NO_LONGER_CONNECTED,
        "zh-CN",
    )


def test_a_closed_pair_is_told(stage: Stage) -> None:
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    assert stage.text().tell is Notice.NO_LONGER_CONNECTED


def test_a_session_for_calls_only_says_so(stage: Stage) -> None:
    stage.pair.connect("+12125550103", "+12125550104", channels=frozenset({Channel.VOICE}))
    answer = stage.text("+12125550103")
    assert (answer.outcome, answer.tell) == ("no_sms", Notice.CALLS_ONLY)


def test_a_number_that_is_not_ours_is_nobody_s(stage: Stage) -> None:
    assert stage.text(number="+14155550199").outcome == "unknown_number"


def test_a_number_that_has_left_its_pool_since_is_looked_up_again(stage: Stage) -> None:
    assert stage.store.numbers.find_pool(NUMBER) == "us"
    stage.client.hdel(PoolKeys("main", "us").numbers, NUMBER)
    move_number(stage.client, NUMBER, "main", "eu")
    stage.client.hset(PoolKeys("main", "eu").numbers, NUMBER, "0")
    answer = stage.text(STRANGER)
    assert (answer.outcome, answer.message.partition(".")[0]) == ("stranger", "eu")


def test_a_text_whose_session_is_another_each_time_is_offered_again(stage: Stage) -> None:
    sessions = [stage.pair.session]

    def renew() -> None:
        stage.store.sessions.close(sessions[-1].id, ClosedReason.BY_API, now=NOW)
        sessions.append(stage.pair.connect(RITA, CARL, now=NOW))

    store = stage.store
    scripts = Overtaken(store.client, "accept_text", [renew] * 20)
    store.messages = Messages(store.client, scripts, store.keys)
    with pytest.raises(Unavailable):
        stage.text()

    assert len(sessions) > 2
    assert stage.jobs.noted == []


def test_stop_is_not_relayed_and_the_other_side_is_told_once(stage: Stage) -> None:
    answer = stage.text(CARL, " Stop ", sid="SM1")
    assert (answer.outcome, answer.tell) == ("opt_out", None)
    stage.text(CARL, "Stop", sid="SM1")
    stage.text(CARL, "QUIT", sid="SM2")
    stage.work()
    [(to, words)] = stage.arrived
    assert to == RITA
    assert "the other person has stopped texts from this number" in words


def test_each_who_stops_is_told_of(stage: Stage) -> None:
    stage.pair.connect(NORA, DAN)
    for stopper in (CARL, DAN):
        stage.text(stopper, "STOP")
    stage.work()
    assert sorted(to for to, _ in stage.arrived) == sorted([RITA, NORA])


def test_a_stranger_s_stop_counts_too(stage: Stage) -> None:
    stage.text(STRANGER, "STOP")
    assert stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(STRANGER), NUMBER)
    assert stage.jobs.noted == []


def test_who_has_stopped_is_not_told_that_they_are_a_stranger(stage: Stage) -> None:
    stage.text(STRANGER, "STOP")
    assert stage.text(STRANGER, "hello").tell is None


def test_start_undoes_a_stop_and_is_not_relayed(stage: Stage) -> None:
    stage.text(CARL, "STOP")
    stage.jobs.take()
    for _ in range(2):  # the webhook comes twice
        assert stage.text(CARL, "start", sid="SM9").outcome == "opt_out"
    stage.text(RITA, "hello")
    stage.work()
    assert stage.arrived == [(CARL, "hello")]


@pytest.mark.parametrize(
    ("word", "outcome"), [("YES", "accepted"), ("Start", "accepted"), ("UNSTOP", "opt_out")]
)
def test_yes_is_an_answer_unless_it_undoes_a_stop(stage: Stage, word: str, outcome: str) -> None:
    assert stage.text(CARL, word).outcome == outcome


@pytest.mark.parametrize("word", ["ALTO", "YES", "hello"])
def test_what_the_carrier_has_taken_for_a_stop_is_one(stage: Stage, word: str) -> None:
    assert stage.text(CARL, word, opt_out=OptOut.STOP).outcome == "opt_out"
    assert stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(CARL), NUMBER)
    assert stage.text(CARL, "ALTA", opt_out=OptOut.START).outcome == "opt_out"
    assert not stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(CARL), NUMBER)


def test_what_the_carrier_has_answered_is_not_relayed(stage: Stage) -> None:
    assert stage.text(CARL, "STOP", opt_out=OptOut.HELP).outcome == "opt_out"
    assert not stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(CARL), NUMBER)
    assert stage.jobs.noted == []
    for word in ("HELP", "Info", " help "):
        assert stage.text(CARL, word).outcome == "opt_out"
    assert stage.text(CARL, "Info, please").outcome == "accepted"


def lift_carls_stop(stage: Stage) -> None:
    """An operator's doing; the carrier keeps its own block."""
    stage.text(CARL, "STOP")
    stage.jobs.take()
    stage.now += 10
    carl = stage.pair.vault.indexes_of(CARL)
    assert stage.store.suppressions.lift(carl, NUMBER, said_until=stage.now)
    stage.now += 10


@pytest.mark.parametrize("word", ["START", "YES", "unstop"])
def test_the_word_that_ends_the_carrier_s_block_is_not_relayed_after_a_lift(
    stage: Stage, word: str
) -> None:
    lift_carls_stop(stage)
    assert stage.text(CARL, word).outcome == "opt_out"
    assert stage.jobs.noted == []


def test_a_yes_to_what_has_arrived_after_a_lift_is_an_answer(stage: Stage) -> None:
    lift_carls_stop(stage)
    stage.text(RITA, "Can you come at 10?")
    stage.work()
    assert stage.text(CARL, "YES").outcome == "accepted"


def test_a_yes_that_undoes_nothing_is_an_answer_whatever_the_carrier_says(stage: Stage) -> None:
    assert stage.text(CARL, "YES", opt_out=OptOut.START).outcome == "accepted"


@pytest.mark.parametrize(
    ("word", "opt_out"),
    [("ALTO", OptOut.STOP), ("HELP", OptOut.HELP), ("END", OptOut.HELP), ("QUIT", OptOut.START)],
)
def test_p4_the_list_does_not_decide_again_what_the_webhook_has_decided(
    stage: Stage, word: str, opt_out: OptOut
) -> None:
    """The list has no OptOutType, and the words alone say another thing."""
    carl = stage.pair.vault.indexes_of(CARL)
    if opt_out is OptOut.START:
        stage.text(CARL, "STOP")
    stage.text(CARL, word, sid="SM8", opt_out=opt_out)
    stage.jobs.take()
    is_stopped = stage.store.suppressions.is_stopped(carl, NUMBER)
    assert stage.text(CARL, word, sid="SM8", said_at=NOW + 1).outcome == "duplicate"
    assert stage.store.suppressions.is_stopped(carl, NUMBER) is is_stopped
    assert stage.jobs.noted == []


def test_a_word_of_the_service_s_own_that_only_the_list_tells_is_relayed(stage: Stage) -> None:
    """What the carrier took it for comes out with the next text to them: 21610."""
    assert stage.text(CARL, "ALTO", sid="SM8", said_at=NOW).outcome == "accepted"
    assert stage.text(CARL, "ALTO", sid="SM8", opt_out=OptOut.STOP).outcome == "opt_out"
    assert stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(CARL), NUMBER)


def test_with_a_messaging_service_a_stop_covers_all_numbers(stage: Stage) -> None:
    stage = Stage(TWILIO_MESSAGING_SERVICE_SID="MG" + "1" * 32)
    stage.text(CARL, "STOP")
    assert stage.store.suppressions.is_stopped(stage.pair.vault.indexes_of(CARL), OTHER_NUMBER)


def test_a_text_from_the_list_is_taken_on_like_any_other(stage: Stage) -> None:
    assert stage.text(said_at=NOW - 30).outcome == "accepted"


def test_a_stranger_from_the_list_is_not_told(stage: Stage) -> None:
    assert stage.text(STRANGER, said_at=NOW - 30).tell is None
    assert stage.text(STRANGER).tell is Notice.NOT_CONNECTED


def test_what_was_answered_already_is_not_answered_from_the_list(stage: Stage) -> None:
    stage.store.sessions.close(stage.pair.session.id, ClosedReason.BY_API, now=NOW)
    assert stage.text(sid="SM1").tell is Notice.NO_LONGER_CONNECTED
    assert stage.text(sid="SM1", said_at=NOW).tell is None


def test_the_sender_s_role_comes_with_the_answer(stage: Stage) -> None:
    accepted = stage.text(CARL).accepted
    assert accepted is not None
    assert accepted.sender is Role.CANDIDATE
