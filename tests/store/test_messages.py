from __future__ import annotations

from typing import Any

import pytest
import redis

from relay.carrier.codes import trouble_of
from relay.domain.charges import Charges, Unit
from relay.domain.message_progress import MessageStatus, OwnFailure
from relay.domain.notices import Notice, NoticeReceiver, Telling, telling
from relay.domain.participant import Role
from relay.domain.session import Channel, ClosedReason, Session
from relay.domain.texts import (
    Acceptance,
    AcceptState,
    Behind,
    IncomingText,
    Message,
    NothingToSend,
    NotYet,
    ReportOutcome,
    SendLease,
    StatusReport,
    SupposedSender,
    Turn,
    Vouched,
    second_id,
)
from relay.domain.trouble import Trouble
from relay.store.keys import PoolKeys
from relay.store.outbox import LEASE, LOOK_AGAIN
from relay.store.script_headers import LUA
from relay.store.send_leases import MESSAGE_FIELDS
from relay.store.store import Store
from tests.key_ring import marks_of
from tests.world import (
    CARL,
    NOW,
    NUMBER,
    OTHER_NUMBER,
    RETENTION,
    RITA,
    STRANGER,
    US,
    Pair,
    index_of,
)

KEYS = PoolKeys("main", "us")


@pytest.fixture
def pair(client: redis.Redis, store: Store) -> Pair:
    return Pair(client, store)


class Texts:
    """What one test does with texts, in few words."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.store = pair.store
        self.outbox = pair.store.messages.outbox
        self._count = 0

    def accept(
        self,
        sender: str = RITA,
        text: str = "hello",
        *,
        sid: str = "",
        now: float = NOW,
        said_at: float | None = None,
        media: int = 0,
        number: str = NUMBER,
    ) -> tuple[str, Acceptance]:
        self._count += 1
        sid = sid or f"SM{self._count:032d}"
        message = f"us.{sid}"
        incoming = IncomingText(
            sid=sid,
            number=number,
            pool="us",
            body=text,
            media=media,
            now=now,
            said_at=now if said_at is None else said_at,
            is_answerable=said_at is None,
            indexes=(index_of(sender),),
            marks=marks_of(sid),
        )
        found = self.store.messages.accept(incoming, code="", retention=RETENTION)
        if isinstance(found, SupposedSender):
            session = found.session.id
            reader = found.side.other
            sealed = self.seal(text, message, session, reader) if text else ""
            words = self.pair.vault.keyed_hash(text.encode())
            verdict = Vouched(session, found.side, sealed, words=words)
            found = self.store.messages.accept(incoming, verdict, code="", retention=RETENTION)
        assert isinstance(found, Acceptance)
        return message, found

    def seal(
        self, text: str, message: str, session: str = "", reader: Role = Role.CANDIDATE
    ) -> str:
        return self.pair.vault.seal_text(text, **self.place(message, session, reader))

    def place(
        self, message: str, session: str = "", reader: Role = Role.CANDIDATE
    ) -> dict[str, Any]:
        """What a text is sealed to."""
        session = session or self.pair.session.id
        return {"board": "main", "message_id": message, "session": session, "reader": reader}

    def accepted(self, sender: str = RITA, text: str = "hello", *, now: float = NOW) -> str:
        message, acceptance = self.accept(sender, text, now=now)
        assert acceptance.state is AcceptState.ACCEPTED
        return message

    def begin(self, message: str, token: str = "t1", now: float = NOW) -> SendLease:
        lease = self.outbox.begin(message, token=token, now=now)
        assert isinstance(lease, SendLease)
        return lease

    def charged(self) -> Charges:
        return self.store.pools.charges.total("us")

    def confirm(
        self,
        message: str,
        token: str = "t1",
        sid: str = "SMout1",
        now: float = NOW,
        *,
        segments: int = 1,
    ) -> str:
        return self.outbox.confirm(
            message,
            token=token,
            now=now,
            sid=sid,
            status=MessageStatus.QUEUED,
            rank=2,
            segments=segments,
            retention=RETENTION,
        )

    def report(
        self,
        message: str,
        status: MessageStatus,
        rank: int,
        *,
        attempt: str = "t1",
        sid: str = "SMout1",
        now: float = NOW,
        code: int = 0,
        send_again_at: float | None = None,
        notice: Notice = Notice.TEXT_FAILED,
    ):
        return self.store.messages.record_status(
            message,
            StatusReport(
                attempt=attempt,
                sid=sid,
                status=status,
                rank=rank,
                error_code=code,
                trouble=trouble_of(code) if code else None,
            ),
            now=now,
            number=NUMBER,
            send_again_at=send_again_at,
            telling=self.telling(notice, to=self.sender_of(message), now=now),
            told_ids=(),
            retention=RETENTION,
        )

    def telling(
        self,
        notice: Notice = Notice.TEXT_FAILED,
        *,
        to: Role = Role.RECRUITER,
        now: float = NOW,
    ) -> Telling:
        """How the pair's recruiter is told, or else its candidate."""
        return telling(notice, session=self.pair.session.id, to=to, now=now)

    def sender_of(self, message: str) -> Role:
        record = self.store.messages.read(message)
        return record.side.other if record else Role.RECRUITER

    def give_up(
        self,
        message: str,
        token: str = "t1",
        now: float = NOW,
        why: Trouble | OwnFailure | None = Trouble.FILTERED,
    ):
        return self.outbox.give_up(
            message,
            token=token,
            now=now,
            error_code=30007,
            why=why,
            telling=self.telling(to=self.sender_of(message), now=now),
            retention=RETENTION,
            number=NUMBER,
        )

    def record(self, message: str) -> Message:
        record = self.store.messages.read(message)
        assert record is not None
        return record

    def body(self, message: str) -> str | None:
        return self.pair.client.get(KEYS.body(message))

    def waiting(self) -> dict[str, float]:
        return dict(self.pair.client.zrange(KEYS.outbox, 0, -1, withscores=True))


@pytest.fixture
def texts(pair: Pair) -> Texts:
    return Texts(pair)


def test_an_accepted_text_is_on_record_with_its_outbox_entry(texts: Texts) -> None:
    message, acceptance = texts.accept(text="héllo 👋")
    assert acceptance == Acceptance(
        state=AcceptState.ACCEPTED,
        session=texts.pair.session.id,
        sender=Role.RECRUITER,
        locale="en",
        index=index_of(RITA),
    )
    assert texts.waiting() == {message: NOW + LOOK_AGAIN}
    record = texts.store.messages.read(message)
    assert record is not None
    assert (record.status, record.side, record.is_notice) == ("received", Role.CANDIDATE, False)
    assert record.carrier_sids == (message.removeprefix("us."),)
    lease = texts.begin(message)
    assert texts.pair.vault.unseal_text(lease.sealed_text, **texts.place(message)) == "héllo 👋"
    assert lease.index == index_of(CARL)


def test_a_text_is_an_interaction_of_its_session(texts: Texts) -> None:
    message = texts.accepted()
    assert texts.pair.client.zrange(KEYS.interactions, 0, -1) == [
        f"{texts.pair.session.id}\t{int(NOW)}\t{message}"
    ]


def test_a_message_sid_is_taken_once(texts: Texts) -> None:
    message, _ = texts.accept(sid="SMx")
    _, again = texts.accept(sid="SMx")
    assert again.state is AcceptState.DUPLICATE
    assert list(texts.waiting()) == [message]


def test_record_and_body_have_their_lifetimes(texts: Texts) -> None:
    message = texts.accepted()
    assert 23.9 * 3600 < texts.pair.client.ttl(KEYS.body(message)) <= 24 * 3600
    assert 24 * 3600 < texts.pair.client.ttl(KEYS.message(message)) <= RETENTION


@pytest.mark.parametrize(
    ("sender", "number", "state"),
    [
        (STRANGER, NUMBER, AcceptState.STRANGER),
        (RITA, OTHER_NUMBER, AcceptState.STRANGER),
        (RITA, "+14155550199", AcceptState.UNKNOWN_NUMBER),
    ],
)
def test_a_text_for_nobody_leaves_nothing(
    texts: Texts, sender: str, number: str, state: AcceptState
) -> None:
    _, acceptance = texts.accept(sender, number=number)
    assert acceptance == Acceptance(state=state)
    assert texts.waiting() == {}


def test_expired_means_closed_for_texts_though_every_worker_is_dead(texts: Texts) -> None:
    """P3"""
    _, acceptance = texts.accept(now=texts.pair.session.expires_at)
    assert acceptance.state is AcceptState.EXPIRED
    assert acceptance.session == texts.pair.session.id


def test_a_closed_session_takes_no_text(texts: Texts) -> None:
    texts.store.sessions.close(texts.pair.session.id, ClosedReason.BY_API, now=NOW)
    _, acceptance = texts.accept()
    assert (acceptance.state, acceptance.sender) == (AcceptState.CLOSED, Role.RECRUITER)


def test_a_session_without_texts_takes_none(texts: Texts) -> None:
    texts.pair.connect("+12125550103", "+12125550104", channels=frozenset({Channel.VOICE}))
    _, acceptance = texts.accept("+12125550103")
    assert acceptance.state is AcceptState.NO_SMS


def test_a_text_from_before_the_session_is_not_for_it(texts: Texts) -> None:
    """P1: fetched late from the carrier's list, it was written to somebody else."""
    _, acceptance = texts.accept(said_at=texts.pair.session.created_at - 1)
    assert acceptance.state is AcceptState.STRANGER


def test_a_picture_is_not_relayed_and_its_sender_is_told(texts: Texts) -> None:
    message, _ = texts.accept(text="", media=2)
    record = texts.store.messages.read(message)
    assert record is not None
    assert (record.status, record.media) == ("failed", 2)
    notice = texts.telling(Notice.PICTURE_NOT_RELAYED).id
    assert list(texts.waiting()) == [notice]
    lease = texts.begin(notice)
    assert lease.notice is Notice.PICTURE_NOT_RELAYED
    assert lease.index == index_of(RITA)


def test_what_was_written_with_a_picture_is_relayed(texts: Texts) -> None:
    message, _ = texts.accept(text="my CV", media=1)
    assert set(texts.waiting()) == {message, texts.telling(Notice.PICTURE_NOT_RELAYED).id}


def test_texts_to_one_phone_go_in_order_and_one_at_a_time(texts: Texts) -> None:
    first, second = texts.accepted(text="ok"), texts.accepted(text="ok")
    assert texts.outbox.begin(second, token="t2", now=NOW) == Behind(first)
    texts.begin(first)
    assert texts.outbox.begin(second, token="t2", now=NOW) == Behind(first)
    assert texts.confirm(first) == second
    assert texts.waiting() == {second: NOW + LOOK_AGAIN}
    assert texts.begin(second, "t2").turn is Turn.SEND


def test_both_directions_go_side_by_side(texts: Texts) -> None:
    there, back = texts.accepted(RITA), texts.accepted(CARL)
    assert texts.begin(there).turn is Turn.SEND
    assert texts.begin(back, "t2").turn is Turn.SEND


def test_beginning_twice_with_one_token_is_one_attempt(texts: Texts) -> None:
    message = texts.accepted()
    assert texts.begin(message) == texts.begin(message)
    assert texts.begin(message).attempts == 1


def test_nobody_else_begins_while_the_lease_holds(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    assert texts.outbox.begin(message, token="t2", now=NOW + 1) == NotYet(NOW + LEASE)
    assert texts.waiting() == {message: NOW + LEASE}


def test_who_has_to_wait_is_looked_at_when_the_wait_is_over(texts: Texts) -> None:
    """Though a sweep has put it off in between."""
    message = texts.accepted()
    texts.begin(message)
    assert texts.outbox.sweep(now=NOW + LEASE) == [message]
    texts.outbox.begin(message, token="t2", now=NOW + 1)
    assert texts.waiting() == {message: NOW + LEASE}

    texts.outbox.postpone(
        message, token="t1", now=NOW + 1, until=NOW + 60, outcome_unknown=False, error_code=20429
    )
    assert texts.outbox.sweep(now=NOW + 60) == [message]
    texts.outbox.begin(message, token="t2", now=NOW + 2)
    assert texts.waiting() == {message: NOW + 60}


def test_an_attempt_that_nobody_finished_is_unsettled_after_its_lease(texts: Texts) -> None:
    """P4: its worker was killed before, during or after the carrier's call."""
    message = texts.accepted()
    texts.begin(message)
    lease = texts.begin(message, "t2", NOW + LEASE)
    assert (lease.turn, lease.attempt, lease.attempted_at) == (Turn.UNSETTLED, "t1", NOW)
    assert texts.begin(message, "t2", NOW + LEASE) == lease
    assert isinstance(texts.outbox.begin(message, token="t3", now=NOW + LEASE + 1), NotYet)


def test_a_confirmed_text_has_left_its_lane(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    assert texts.confirm(message) == ""
    assert texts.waiting() == {}
    assert texts.pair.client.zcard(KEYS.lanes) == 0
    assert texts.pair.client.hlen(KEYS.sending) == 0
    assert texts.outbox.begin(message, token="t2", now=NOW) == NothingToSend()
    record = texts.store.messages.read(message)
    assert record is not None
    assert (record.status, record.segments, record.attempts) == ("queued", 1, 1)
    assert record.carrier_sids[-1] == "SMout1"
    assert texts.confirm(message) == ""


def test_every_sid_has_its_owner(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.confirm(message)
    assert texts.outbox.owned(["SMout1", "SMout2"]) == {"SMout1"}
    assert texts.outbox.owned([]) == set()


def test_a_worker_that_was_thought_dead_may_still_confirm_its_own_attempt(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.begin(message, "t2", NOW + LEASE)
    assert texts.confirm(message, "t1", now=NOW + LEASE + 1) == ""
    assert texts.waiting() == {}
    assert not texts.outbox.postpone(
        message,
        token="t2",
        now=NOW + LEASE + 1,
        until=NOW + 99,
        outcome_unknown=False,
        error_code=0,
    )
    assert texts.waiting() == {}


def test_a_worker_that_was_thought_dead_cannot_end_a_later_attempt(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    later = NOW + LEASE
    texts.begin(message, "t2", later)
    assert texts.outbox.postpone(
        message, token="t2", now=later, until=later, outcome_unknown=False, error_code=0
    )
    texts.begin(message, "t3", later)
    assert texts.confirm(message, "t1", "SMlate", later) == ""
    assert list(texts.waiting()) == [message]
    assert texts.give_up(message, "t1", later).counted is False
    assert texts.outbox.owned(["SMlate"]) == {"SMlate"}


def test_what_is_forgotten_keeps_nothing_behind_it_from_going(texts: Texts) -> None:
    forgotten = [texts.accepted(text="ok"), texts.accepted(text="ok")]
    last = texts.accepted(text="see you")
    for message in forgotten:
        texts.store.client.delete(KEYS.message(message))
    assert texts.begin(last).turn is Turn.SEND
    assert list(texts.waiting()) == [last]
    assert texts.store.client.zcard(KEYS.lanes) == 1


def test_a_postponed_text_keeps_its_place_until_it_is_due(texts: Texts) -> None:
    first, second = texts.accepted(), texts.accepted()
    texts.begin(first)
    assert texts.outbox.postpone(
        first, token="t1", now=NOW, until=NOW + 5, outcome_unknown=False, error_code=20429
    )
    assert texts.outbox.begin(first, token="t2", now=NOW + 4) == NotYet(NOW + 5)
    assert texts.outbox.begin(second, token="t2", now=NOW + 4) == Behind(first)
    assert texts.waiting()[first] == NOW + 5
    assert texts.waiting()[second] > NOW + 5
    assert texts.begin(first, "t3", NOW + 5).attempts == 2


def test_an_attempt_that_was_withdrawn_makes_no_later_one_wait_longer(texts: Texts) -> None:
    message = texts.accepted()
    for token in ("t1", "t2"):
        assert texts.begin(message, token).attempts == 1
        assert texts.outbox.postpone(
            message,
            token=token,
            now=NOW,
            until=NOW,
            outcome_unknown=False,
            error_code=0,
            is_withdrawn=True,
        )


def test_whose_attempt_was_settled_by_another_postpones_nothing(texts: Texts) -> None:
    """It was held up: its attempt was found not to have been taken, and the next one has begun."""
    message, later = texts.accepted(), NOW + LEASE
    texts.begin(message)
    assert texts.begin(message, "t2", later).turn is Turn.UNSETTLED
    settled = {"now": later, "until": later, "outcome_unknown": False, "error_code": 0}
    assert texts.outbox.postpone(message, token="t2", **settled)
    assert texts.begin(message, "t3", later).turn is Turn.SEND
    before = texts.waiting(), texts.record(message)
    assert not texts.outbox.postpone(message, token="t1", **(settled | {"until": later + 99}))
    assert (texts.waiting(), texts.record(message)) == before


def test_a_notice_that_counts_takes_its_place_when_it_goes_out(texts: Texts) -> None:
    for _ in range(7):
        texts.accept(text="I am driving")
    (held,) = [message for message in texts.waiting() if texts.record(message).is_notice]
    goes_out = texts.waiting()[held]
    before = texts.accepted(CARL, "one")
    assert texts.outbox.begin(held, token="t1", now=goes_out - 1) == NotYet(goes_out)
    assert texts.outbox.begin(before, token="t1", now=goes_out - 1).turn is Turn.SEND
    assert texts.outbox.begin(held, token="t2", now=goes_out) == Behind(before)
    after = texts.accepted(CARL, "two")
    assert texts.confirm(before, now=goes_out) == held
    assert texts.outbox.begin(after, token="t3", now=goes_out) == Behind(held)
    assert texts.begin(held, "t2", goes_out).turn is Turn.SEND


def test_finishing_what_is_gone_does_nothing(texts: Texts) -> None:
    assert texts.confirm("us.SMnone") == ""
    assert texts.give_up("us.SMnone").counted is False
    assert texts.outbox.begin("us.SMnone", token="t", now=NOW) == NothingToSend()
    assert not texts.outbox.postpone(
        "us.SMnone", token="t", now=NOW, until=NOW, outcome_unknown=True, error_code=1
    )


def test_a_text_that_is_given_up_loses_its_body_and_its_sender_is_told_once(texts: Texts) -> None:
    message, second = texts.accepted(), texts.accepted()
    texts.begin(message)
    given_up = texts.give_up(message)
    assert (given_up.counted, given_up.next, given_up.sender_told) == (True, second, True)
    assert texts.give_up(message).counted is False
    assert texts.body(message) is None
    record = texts.store.messages.read(message)
    assert record is not None
    assert (record.status, record.error_code) == ("failed", 30007)
    notice = texts.begin(texts.telling().id, "t2")
    assert notice.index == index_of(RITA)
    assert notice.locale == "en"


def test_nobody_is_told_that_a_notice_failed(texts: Texts) -> None:
    texts.accept(text="", media=1)
    notice = texts.telling(Notice.PICTURE_NOT_RELAYED).id
    texts.begin(notice)
    assert texts.give_up(notice).sender_told is False
    assert texts.waiting() == {}


@pytest.mark.parametrize("reason", [ClosedReason.BY_API, ClosedReason.EXPIRED])
def test_what_was_accepted_while_open_is_delivered_after_the_end(
    texts: Texts, reason: ClosedReason
) -> None:
    message = texts.accepted()
    texts.store.sessions.close(texts.pair.session.id, reason, now=NOW)
    assert texts.begin(message).turn is Turn.SEND


@pytest.mark.parametrize(
    ("reason", "is_told"),
    [
        (ClosedReason.BLOCKED, True),
        (ClosedReason.SUSPENDED, True),
        (ClosedReason.TAKEN_OVER, True),
        (ClosedReason.ERASED, False),
    ],
)
def test_what_a_session_that_was_taken_back_still_held_is_given_up(
    texts: Texts, reason: ClosedReason, is_told: bool
) -> None:
    message = texts.accepted()
    texts.store.sessions.close(texts.pair.session.id, reason, now=NOW)
    assert texts.begin(message).turn is Turn.REVOKED
    assert texts.give_up(message).sender_told is is_told
    if is_told:
        assert texts.begin(texts.telling().id, "t2").turn is Turn.SEND


def test_a_notice_to_somebody_erased_is_given_up(texts: Texts) -> None:
    texts.accept(text="", media=1)
    texts.store.sessions.close(texts.pair.session.id, ClosedReason.ERASED, now=NOW)
    notice = texts.telling(Notice.PICTURE_NOT_RELAYED).id
    assert texts.begin(notice).turn is Turn.REVOKED


def _move_candidate(
    texts: Texts, phone: str, number: str = NUMBER, session: Session | None = None
) -> None:
    """As a phone change leaves the session's record and the binding of the new phone."""
    client, session = texts.pair.client, session or texts.pair.session
    record = client.hget(KEYS.sessions, session.id).split("\t")
    record[1] = number
    record[6] = index_of(phone)
    client.hset(KEYS.sessions, session.id, "\t".join(record))
    client.hset(KEYS.phone(index_of(phone)), number, session.id)


def test_a_text_follows_its_receiver_to_a_new_phone(texts: Texts) -> None:
    first, second = texts.accepted(), texts.accepted()
    _move_candidate(texts, "+12125550127")
    lease = texts.begin(first)
    assert lease.index == index_of("+12125550127")
    assert texts.pair.client.ttl(KEYS.body(first)) > 0
    assert texts.outbox.begin(second, token="t2", now=NOW) == Behind(first)


def test_a_text_follows_its_session_to_a_new_number(texts: Texts) -> None:
    """P1: on the old one the receiver's new phone may be connected to somebody else."""
    first, second = texts.accepted(), texts.accepted()
    _move_candidate(texts, "+12125550127", OTHER_NUMBER)
    assert texts.begin(first).number == OTHER_NUMBER
    assert texts.outbox.begin(second, token="t2", now=NOW) == Behind(first)
    assert texts.confirm(first) == second
    assert texts.begin(second, "t2").number == OTHER_NUMBER


def test_the_sender_is_told_by_the_number_that_the_session_has_now(texts: Texts) -> None:
    """P1"""
    message = texts.accepted(CARL)
    texts.begin(message)
    _move_candidate(texts, "+12125550127", OTHER_NUMBER)
    texts.give_up(message)
    notice = texts.pair.client.hget(KEYS.message(texts.telling(to=Role.CANDIDATE).id), "number")
    assert notice == OTHER_NUMBER


def _close(texts: Texts) -> None:
    texts.store.sessions.close(texts.pair.session.id, ClosedReason.BY_API, now=NOW)


@pytest.mark.parametrize("sender", [RITA, CARL])
def test_a_text_is_given_up_when_its_receiver_s_binding_has_gone(texts: Texts, sender: str) -> None:
    """P1: the receiver may be connected to somebody else on that number by now."""
    message = texts.accepted(sender)
    _close(texts)
    receiver = CARL if sender == RITA else RITA
    texts.pair.client.hdel(KEYS.phone(index_of(receiver)), NUMBER)
    assert texts.begin(message).turn is Turn.REVOKED
    assert texts.give_up(message).sender_told
    notice = texts.telling(to=texts.sender_of(message)).id
    assert texts.begin(notice, "t2").turn is Turn.SEND


def test_nobody_is_told_by_a_number_on_which_they_have_no_binding_any_more(texts: Texts) -> None:
    """P1"""
    message = texts.accepted()
    texts.begin(message)
    _close(texts)
    texts.pair.client.hdel(KEYS.phone(index_of(RITA)), NUMBER)
    texts.give_up(message)
    notice = texts.telling().id
    assert texts.begin(notice, "t2").turn is Turn.REVOKED
    assert not texts.give_up(notice, "t2").sender_told
    assert texts.waiting() == {}


@pytest.mark.parametrize(
    ("end", "turn"),
    [
        (None, Turn.SEND),
        (ClosedReason.BY_API, Turn.SEND),
        (ClosedReason.BLOCKED, Turn.REVOKED),
        (ClosedReason.ERASED, Turn.REVOKED),
    ],
)
def test_a_text_of_a_pair_that_has_come_back_is_delivered_unless_that_was_taken_back(
    texts: Texts, end: ClosedReason | None, turn: Turn
) -> None:
    message = texts.accepted()
    _close(texts)
    successor = texts.pair.connect(RITA, CARL, now=NOW + 1)
    assert (successor.id, successor.virtual_number) != (texts.pair.session.id, OTHER_NUMBER)
    if end:
        texts.store.sessions.close(successor.id, end, now=NOW + 2)
    assert texts.begin(message, now=NOW + 3).turn is turn


def test_a_text_does_not_go_to_a_phone_that_its_receiver_has_left(texts: Texts) -> None:
    """P1: a session that has ended holds no number of theirs to follow them to."""
    message = texts.accepted()
    _move_candidate(texts, "+12125550127")
    _close(texts)
    assert texts.begin(message).turn is Turn.REVOKED


def test_p1_a_text_of_a_pair_that_has_come_back_does_not_go_to_a_phone_that_was_left(
    texts: Texts,
) -> None:
    message = texts.accepted()
    _close(texts)
    successor = texts.pair.connect(RITA, CARL, now=NOW + 1)
    _move_candidate(texts, "+12125550127", session=successor)
    assert texts.begin(message, now=NOW + 2).turn is Turn.REVOKED


def test_every_sid_that_the_carrier_gave_a_text_is_kept(texts: Texts) -> None:
    """The board deletes the carrier's own records by them: a lost one would leave real numbers."""
    message, now = texts.accepted(), NOW
    for attempt in range(1, 5):
        token, sid = f"t{attempt}", f"SMout{attempt}"
        texts.begin(message, token, now)
        texts.confirm(message, token, sid, now)
        texts.report(
            message, MessageStatus.FAILED, 5, attempt=token, sid=sid, now=now, send_again_at=now + 9
        )
        now += 9
    texts.begin(message, "t5", now)
    texts.report(message, MessageStatus.SENT, 4, attempt="t1", sid="SMlate", now=now)
    texts.report(message, MessageStatus.SENT, 4, attempt="t1", sid="SMlate", now=now)
    record = texts.store.messages.read(message)
    assert record is not None
    assert record.carrier_sids == (
        message.removeprefix("us."), "SMout1", "SMout2", "SMout3", "SMout4", "SMlate",
    )  # fmt: skip


def test_an_open_attempt_stays_with_the_phone_it_went_to(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    _move_candidate(texts, "+12125550127")
    lease = texts.begin(message, "t2", NOW + LEASE)
    assert lease.turn is Turn.UNSETTLED
    assert lease.index == index_of(CARL)


def test_p4_an_attempt_is_looked_for_by_the_code_that_it_was_made_with(texts: Texts) -> None:
    for candidate in ("+12125550103", "+12125550104"):
        other = texts.pair.connect(RITA, candidate)
    message = texts.accepted(CARL)
    code = texts.begin(message).code
    assert code == texts.store.sessions.get(texts.pair.session.id).access_code
    texts.store.sessions.close(other.id, ClosedReason.BY_API, now=NOW)
    late = NOW + US.recruiter_cooldown
    texts.store.recycling.release_cooled("us", now=late, batch=100, retention=RETENTION)
    assert not texts.store.sessions.get(texts.pair.session.id).code_needed

    lease = texts.begin(message, "t2", late)

    assert (lease.turn, lease.code) == (Turn.UNSETTLED, code)


def test_the_sender_is_told_at_the_phone_they_have_now(texts: Texts) -> None:
    message = texts.accepted(CARL)
    _move_candidate(texts, "+12125550127")
    texts.begin(message)
    texts.give_up(message)
    notice = texts.begin(texts.telling(to=Role.CANDIDATE).id, "t2")
    assert notice.index == index_of("+12125550127")


def test_after_its_body_s_lifetime_a_text_is_begun_without_a_body(texts: Texts) -> None:
    message = texts.accepted()
    texts.pair.client.delete(KEYS.body(message))
    lease = texts.begin(message)
    assert lease.sealed_text == ""


def _split(texts: Texts, message: str, token: str = "t1", now: float = NOW) -> bool:
    return texts.outbox.split(
        message,
        token=token,
        now=now,
        first=texts.seal("one", message),
        second=texts.seal("two", second_id(message)),
    )


def test_a_split_text_is_two_in_its_place(texts: Texts) -> None:
    client = texts.pair.client
    message, later = texts.accepted(CARL), texts.accepted(CARL)
    second = second_id(message)
    texts.begin(message)
    assert _split(texts, message)
    assert texts.waiting() == dict.fromkeys((message, second, later), NOW + LOOK_AGAIN)
    sent = []
    for token, part in (("t2", message), ("t3", second)):
        lease = texts.begin(part, token)
        words = texts.pair.vault.unseal_text(lease.sealed_text, **texts.place(part))
        sent.append((lease.turn, lease.part, words))
        assert lease.index == index_of(RITA)
        assert 23.9 * 3600 < client.ttl(KEYS.body(part)) <= 24 * 3600
        assert 24 * 3600 < client.ttl(KEYS.message(part)) <= RETENTION
        head = texts.confirm(part, token, f"SM{token}")
    assert sent == [(Turn.SEND, "1", "one"), (Turn.SEND, "2", "two")]
    assert head == later
    assert client.zrange(KEYS.interactions, 0, -1) == [
        f"{texts.pair.session.id}\t{int(NOW)}\t{known}" for known in (message, second, later)
    ]


def test_a_split_that_is_asked_for_twice_is_made_once(texts: Texts) -> None:
    """Its answer was lost."""
    message = texts.accepted(CARL)
    texts.begin(message)
    assert _split(texts, message)
    held = texts.body(message)
    assert _split(texts, message)
    assert texts.body(message) == held
    texts.begin(message, "t2")
    assert not _split(texts, message)


def test_p4_only_who_has_the_turn_splits_a_text(texts: Texts) -> None:
    message = texts.accepted(CARL)
    assert not _split(texts, "us.SMnone")
    assert not _split(texts, message)
    texts.begin(message)
    assert not _split(texts, message, "t0")
    assert not _split(texts, message, now=NOW + LEASE)
    texts.begin(message, "t2", NOW + LEASE)
    assert not _split(texts, message, now=NOW + LEASE)
    assert not _split(texts, message, "t2", now=NOW + LEASE)
    assert list(texts.waiting()) == [message]
    texts.confirm(message, "t1", now=NOW + LEASE)
    assert not _split(texts, message, now=NOW + LEASE)


def test_p4_an_attempt_that_was_not_made_is_not_settled_after_the_split(texts: Texts) -> None:
    message = texts.accepted(CARL)
    texts.begin(message)
    _split(texts, message)
    assert texts.begin(message, "t2", NOW + LEASE).turn is Turn.SEND


@pytest.mark.parametrize("gone", [ClosedReason.ERASED, ClosedReason.BLOCKED, "body"])
def test_p2_nothing_is_copied_of_a_text_that_will_not_be_sent(texts: Texts, gone: str) -> None:
    message = texts.accepted(CARL)
    texts.begin(message)
    if isinstance(gone, ClosedReason):
        texts.store.sessions.close(texts.pair.session.id, gone, now=NOW)
    else:
        texts.pair.client.delete(KEYS.body(message))
    assert not _split(texts, message)
    assert texts.body(second_id(message)) is None


def test_a_sweep_answers_what_is_due_and_asks_again_later(texts: Texts) -> None:
    first, second = texts.accepted(), texts.accepted(now=NOW + 100)
    assert texts.outbox.sweep(now=NOW + 2) == []
    assert texts.outbox.sweep(now=NOW + 3) == [first]
    assert texts.outbox.sweep(now=NOW + 3) == []
    assert texts.outbox.sweep(now=NOW + 13) == [first]
    assert texts.outbox.sweep(now=NOW + 103) == [first, second]


def test_reports_move_a_text_forwards_only(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.confirm(message)
    assert texts.report(message, MessageStatus.DELIVERED, 5).outcome is ReportOutcome.RECORDED
    assert texts.body(message) is None
    assert texts.report(message, MessageStatus.SENT, 4).outcome is ReportOutcome.LATE
    assert texts.report(message, MessageStatus.FAILED, 5).outcome is ReportOutcome.LATE
    record = texts.store.messages.read(message)
    assert record is not None
    assert record.status is MessageStatus.DELIVERED


def test_a_report_settles_an_attempt_whose_answer_was_lost(texts: Texts) -> None:
    """P4: the report names the attempt, so the carrier has it."""
    first, second = texts.accepted(), texts.accepted()
    texts.begin(first)
    texts.outbox.postpone(
        first, token="t1", now=NOW, until=NOW + 6, outcome_unknown=True, error_code=1
    )
    reported = texts.report(first, MessageStatus.SENT, 4, sid="SMfound")
    assert (reported.outcome, reported.next) == (ReportOutcome.RECORDED, second)
    assert list(texts.waiting()) == [second]
    assert texts.outbox.owned(["SMfound"]) == {"SMfound"}
    assert texts.confirm(first, "t1", "SMfound") == second
    record = texts.store.messages.read(first)
    assert record is not None
    assert (record.status, record.carrier_sids[-1]) == (MessageStatus.SENT, "SMfound")


def test_a_report_of_an_earlier_attempt_changes_nothing(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    reported = texts.report(message, MessageStatus.SENT, 4, attempt="t0", sid="SMghost")
    assert (reported.outcome, reported.sender_told) == (ReportOutcome.STALE, False)
    assert texts.outbox.owned(["SMghost"]) == {"SMghost"}
    assert texts.report("us.SMnone", MessageStatus.SENT, 4).outcome is ReportOutcome.UNKNOWN


def test_a_reported_failure_tells_the_sender_once(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.confirm(message)
    reported = texts.report(message, MessageStatus.UNDELIVERED, 5, code=30007)
    assert reported.sender_told is True
    assert texts.report(message, MessageStatus.FAILED, 5, code=30007).sender_told is False
    assert texts.body(message) is None
    assert list(texts.waiting()) == [texts.telling().id]
    record = texts.store.messages.read(message)
    assert record is not None
    assert record.error_code == 30007


def test_a_text_that_may_go_again_goes_before_what_was_written_after_it(texts: Texts) -> None:
    first = texts.accepted()
    texts.begin(first)
    texts.confirm(first)
    second = texts.accepted()
    texts.report(first, MessageStatus.SENT, 4)
    reported = texts.report(first, MessageStatus.UNDELIVERED, 5, code=30003, send_again_at=NOW + 30)
    assert (reported.outcome, reported.sender_told) == (ReportOutcome.RECORDED, False)
    assert texts.report(first, MessageStatus.SENT, 4).outcome is ReportOutcome.STALE
    assert texts.outbox.begin(second, token="t2", now=NOW) == Behind(first)
    lease = texts.begin(first, "t3", NOW + 30)
    assert lease.turn is Turn.SEND
    assert texts.pair.vault.unseal_text(lease.sealed_text, **texts.place(first)) == "hello"
    texts.confirm(first, "t3", "SMout2", NOW + 30)
    record = texts.store.messages.read(first)
    assert record is not None
    assert record.had_one_more
    assert record.carrier_sids == (first.removeprefix("us."), "SMout1", "SMout2")


def test_a_text_without_a_body_does_not_go_again(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.confirm(message)
    texts.pair.client.delete(KEYS.body(message))
    texts.report(message, MessageStatus.UNDELIVERED, 5, code=30003, send_again_at=NOW + 30)
    record = texts.store.messages.read(message)
    assert record is not None
    assert record.status is MessageStatus.UNDELIVERED


def test_p4_after_a_restore_what_was_made_before_is_looked_for_once(texts: Texts) -> None:
    """And a notice for a day longer: its cause may be found again."""
    before, held = texts.accepted(), texts.accepted(RITA, "2")
    texts.begin(before)
    texts.outbox.postpone(
        before, token="t1", now=NOW, until=NOW, outcome_unknown=True, error_code=0
    )
    assert texts.outbox.restored() is None
    assert texts.outbox.note_restored(snapshot_at=NOW - 99, ended_at=NOW + 1) == 2
    assert texts.outbox.restored() == (NOW - 99, NOW + 1)
    noted = texts.store.client.get(KEYS.restored)
    for planted in ("nan nan", "lately", f"{NOW}", ""):
        texts.store.client.set(KEYS.restored, planted)
        assert texts.outbox.restored() is None
    texts.store.client.set(KEYS.restored, noted)

    assert texts.begin(before, "t2").attempted_at == NOW
    texts.confirm(before, "t2")
    doubted = texts.begin(held, "t3")
    assert (doubted.turn, doubted.attempted_at) == (Turn.UNSETTLED, NOW - 99)
    texts.outbox.postpone(held, token="t3", now=NOW, until=NOW, outcome_unknown=False, error_code=0)
    assert texts.begin(held, "t4").turn is Turn.SEND
    assert texts.begin(held, "t4").turn is Turn.SEND
    texts.confirm(held, "t4", "SMheld")
    after = texts.accepted(RITA, "3", now=NOW + 2)
    assert texts.begin(after, "t5", NOW + 2).turn is Turn.SEND
    texts.outbox.postpone(
        after, token="t5", now=NOW, until=NOW, outcome_unknown=False, error_code=0
    )
    texts.outbox.note_restored(snapshot_at=NOW, ended_at=NOW + 3)
    assert texts.begin(after, "t6", NOW + 9).turn is Turn.UNSETTLED


def tell_counterpart(texts: Texts, sender: str = RITA) -> str:
    return texts.store.notices.tell_counterpart(
        "us.SMstop",
        Notice.TEXTS_STOPPED,
        now=NOW,
        number=NUMBER,
        indexes=[index_of(sender)],
        retention=RETENTION,
    )


def add_notice(
    texts: Texts,
    session: Session | None = None,
    *,
    locale: str = "en",
    is_one_of_several: bool = False,
) -> str:
    return texts.store.notices.add(
        "us.SMlate",
        Notice.NO_LONGER_CONNECTED,
        NoticeReceiver(
            session=(session or texts.pair.session).id,
            side=Role.RECRUITER,
            number=NUMBER,
            index=index_of(RITA),
            locale=locale,
            is_one_of_several=is_one_of_several,
        ),
        now=NOW,
        retention=RETENTION,
    )


def test_the_counterpart_of_somebody_who_stopped_is_told_once(texts: Texts) -> None:
    assert tell_counterpart(texts, STRANGER) == ""
    assert tell_counterpart(texts) == "us.SMstop.texts_stopped"
    assert tell_counterpart(texts) == ""
    lease = texts.begin("us.SMstop.texts_stopped")
    assert lease.index == index_of(CARL)


def test_a_notice_to_a_known_phone_exists_once(texts: Texts) -> None:
    assert add_notice(texts, locale="zh-CN") == "us.SMlate.no_longer_connected"
    assert add_notice(texts) == ""
    assert texts.begin("us.SMlate.no_longer_connected").locale == "zh-CN"


@pytest.mark.parametrize("is_one_of_several", [False, True])
def test_p1_a_notice_names_its_session_unless_it_is_one_of_several(
    texts: Texts, is_one_of_several: bool
) -> None:
    for candidate in ("+12125550103", "+12125550104"):
        session = texts.pair.connect(RITA, candidate, context="Cook")
    notice = add_notice(texts, session, is_one_of_several=is_one_of_several)
    lease = texts.begin(notice)
    prefix = ("", "") if is_one_of_several else (session.access_code, session.stamped_context)
    assert (lease.code, lease.stamped_context) == prefix


def test_a_stranger_is_told_once_a_day_and_again_for_the_same_text(texts: Texts) -> None:
    def may_tell(answering: str) -> bool:
        return texts.store.notices.may_tell(
            number=NUMBER, index=index_of(STRANGER), about="", answering=answering
        )

    assert may_tell("SM1")
    assert may_tell("SM1")
    assert not may_tell("SM2")
    assert not may_tell("")
    told = KEYS.told(NUMBER, index_of(STRANGER), "")
    assert 23.9 * 3600 < texts.pair.client.ttl(told) <= 24 * 3600


def test_records_are_read_in_the_order_asked_for(texts: Texts) -> None:
    first, second = texts.accepted(), texts.accepted(CARL)
    found = texts.store.messages.read_many([second, "us.SMnone", first])
    assert [message.id if message else None for message in found] == [second, None, first]


def test_no_number_and_no_text_is_stored_in_clear(texts: Texts) -> None:
    """P2"""
    texts.accepted(text="meet me at noon")
    texts.begin(texts.accepted(CARL, text="fine"))
    client = texts.pair.client
    texts_of = {"hash": client.hgetall, "string": client.get}
    dump = "".join(
        key + repr(texts_of.get(client.type(key), client.exists)(key))
        for key in client.keys("*")
        if client.type(key) != "string" or ":body:" in key  # other strings are bitmaps
    )
    for secret in (RITA[1:], CARL[1:], "noon", "fine"):
        assert secret not in dump


def test_the_script_and_python_read_the_same_fields() -> None:
    lua = (LUA / "shared" / "message.lua").read_text()
    fields = lua.partition("MESSAGE_FIELDS = {")[2].partition("}")[0]
    assert [name.strip().strip('"') for name in fields.split(",") if name.strip()] == list(
        MESSAGE_FIELDS
    )


# --- what the carrier charges -----------------------------------------------------------


def test_a_text_is_charged_by_its_segments_once_the_carrier_has_passed_it_on(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.confirm(message, segments=3)
    assert texts.charged() == {}
    for _ in range(2):
        texts.report(message, MessageStatus.SENT, 4)
        texts.report(message, MessageStatus.DELIVERED, 6)
    assert texts.charged() == {Unit.SMS_OUT: 3}


def test_a_report_that_comes_before_the_carriers_answer_is_charged_with_it(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.report(message, MessageStatus.SENT, 4)
    assert texts.charged() == {}
    for _ in range(2):
        texts.confirm(message, segments=2)
    assert texts.charged() == {Unit.SMS_OUT: 2}


def test_an_attempt_whose_answer_was_lost_is_charged_when_its_report_comes(texts: Texts) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.report(message, MessageStatus.SENT, 4)
    texts.outbox.postpone(
        message,
        token="t1",
        now=NOW,
        until=NOW + 60,
        outcome_unknown=True,
        error_code=0,
        segments=2,
    )
    assert texts.charged() == {Unit.SMS_OUT: 2}


def test_what_the_carrier_did_not_pass_on_costs_little_and_each_attempt_is_charged(
    texts: Texts,
) -> None:
    message = texts.accepted()
    texts.begin(message)
    texts.confirm(message, segments=2)
    texts.report(message, MessageStatus.FAILED, 5, code=30008, send_again_at=NOW + 60)
    texts.begin(message, "t2", NOW + 60)
    texts.confirm(message, "t2", "SMout2", NOW + 60, segments=2)
    texts.report(message, MessageStatus.UNDELIVERED, 5, attempt="t2", sid="SMout2")
    assert texts.charged() == {Unit.FAILED_TEXT: 1, Unit.SMS_OUT: 2}


def test_a_late_report_of_an_earlier_attempt_is_charged_too(texts: Texts) -> None:
    """It was given up as not taken, and was: the carrier has sent both."""
    message = texts.accepted()
    texts.begin(message)
    texts.outbox.postpone(
        message, token="t1", now=NOW, until=NOW, outcome_unknown=False, error_code=0
    )
    texts.begin(message, "t2")
    texts.confirm(message, "t2", "SMout2", segments=2)
    reported = texts.report(message, MessageStatus.SENT, 4, attempt="t1", sid="SMout1")
    assert reported.outcome is ReportOutcome.STALE
    texts.report(message, MessageStatus.DELIVERED, 6, attempt="t2", sid="SMout2")
    assert texts.charged() == {Unit.SMS_OUT: 4}
