"""Texts: taking them on, their records, and the carrier's reports about them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from relay.domain import pace
from relay.domain.charges import Unit
from relay.domain.message_progress import MessageStatus, is_worth_one_more
from relay.domain.notices import Notice, Telling, telling, telling_of_held
from relay.domain.participant import Role
from relay.domain.policy import DAY
from relay.domain.pool import LONGEST_TEXT_LIFETIME
from relay.domain.session import pool_of
from relay.domain.texts import (
    Acceptance,
    AcceptState,
    Distrusted,
    IncomingText,
    Message,
    Reported,
    ReportOutcome,
    StatusReport,
    SupposedSender,
    Verdict,
    Vouched,
)
from relay.domain.trouble import Trouble
from relay.store.awaited import Awaited
from relay.store.closed_countries import ClosedCountries
from relay.store.connection import Client
from relay.store.counts import Counts
from relay.store.decided import Decided, decided_by
from relay.store.fetched import Fetched
from relay.store.keys import BoardKeys
from relay.store.outbox import (
    ASK_AFTER,
    LOOK_AGAIN,
    TAKING_BACK_NOTICES,
    Outbox,
    number_trouble,
    told_by,
)
from relay.store.outcomes import as_counted
from relay.store.records import unpack_session
from relay.store.scripts import Scripts
from relay.store.send_leases import NOTICE_LIFETIME

#: A refusal holds for so many seconds. The carrier's list is looked back into for minutes, and
#: for longer only after an outage.
REFUSED_FOR = 7 * 24 * 3600

_PACE: dict[str, Any] = {
    "every": pace.OF_TEXTS.every,
    "burst": pace.OF_TEXTS.burst,
    "same_every": pace.OF_SAME_WORDS.every,
    "same_burst": pace.OF_SAME_WORDS.burst,
    "daily_every": pace.OF_SAME_WORDS_A_DAY.every,
    "daily_burst": pace.OF_SAME_WORDS_A_DAY.burst,
    "most_wait": pace.MOST_WAIT,
    "repeated_for": pace.REPEATED_FOR,
    "answers_within": pace.ANSWERS_WITHIN,
}


class Messages:
    """``outbox`` has what is still to be sent, ``unreported`` what was sent and not seen to arrive.
    ``refusals`` counts the carrier's by trouble and code; ``decided`` knows the texts that were
    decided on, and ``fetched`` how far the carrier's list of inbound texts was gone through. Times
    are POSIX seconds; every method raises Unavailable."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self.outbox = Outbox(client, scripts, keys)
        self.decided = Decided(client, keys)
        self.unreported = Awaited(client, keys.unreported)
        self.refusals = Counts(client, keys.refusals)
        self.closed_countries = ClosedCountries(client, keys)
        self.fetched = Fetched(client)

    def accept(
        self,
        incoming: IncomingText,
        verdict: Verdict | None = None,
        *,
        code: str,
        retention: int,
    ) -> Acceptance | SupposedSender:
        """Takes a text on, or refuses it, once; or returns its supposed sender, of whom there is no
        verdict yet. What was refused stays so. ``code``: the one that it begins with, or ""."""
        answer = self._scripts.run(
            "accept_text",
            self._keys.in_pool(incoming.pool),
            now=incoming.now,
            said_at=math.ceil(incoming.said_at),  # the carrier tells whole seconds
            number=incoming.number,
            id=incoming.id,
            inbound_sid=incoming.sid,
            media=incoming.media,
            code=code,
            refused_for=REFUSED_FOR,
            **_judged_as(verdict, incoming.now),
            **_PACE,
            look_again=LOOK_AGAIN,
            record_life=retention,
            lifetime=DAY,
            longest_lifetime=LONGEST_TEXT_LIFETIME,
            indexes=incoming.indexes,
            **decided_by(incoming.marks, now=incoming.now),
        )
        return _supposed_sender(answer) if answer[0] == "vouch" else _acceptance(answer)

    def record_status(
        self,
        message_id: str,
        report: StatusReport,
        *,
        now: float,
        number: str,
        send_again_at: float | None,
        telling: Telling,
        told_ids: Sequence[str],
        retention: int,
    ) -> Reported:
        """Moves a text forwards, and its number's traffic; ``telling`` is of a failure,
        ``told_ids`` of the notices that none arrives, of which a delivery is the end."""
        outcome, first, is_told = self._scripts.run(
            "record_message_status",
            self._keys.in_pool(pool_of(message_id)),
            now=now,
            id=message_id,
            number=number,
            send_again_at=send_again_at,
            ask_at=now + ASK_AFTER,
            **_what_it_says(report),
            **told_by(telling if report.status.is_failure else None),
            told_ids=told_ids,
            look_again=LOOK_AGAIN,
            record_life=retention,
            taking_back_notices=TAKING_BACK_NOTICES,
        )
        return Reported(ReportOutcome(outcome), first, bool(is_told))

    def read(self, message_id: str) -> Message | None:
        return self.read_many([message_id])[0]

    def read_many(self, message_ids: Sequence[str]) -> list[Message | None]:
        """Returns the records in the order of the ids, in one round trip; None for one that has
        gone."""
        with self._client.pipeline(transaction=False) as pipe:
            for message_id in message_ids:
                pipe.hgetall(self._keys.message(message_id))
            records = pipe.execute()
        return [
            _unpack(message_id, record) if record else None
            for message_id, record in zip(message_ids, records, strict=True)
        ]


def _what_it_says(report: StatusReport) -> dict[str, Any]:
    return {
        "attempt": report.attempt,
        "sid": report.sid,
        "status": report.status,
        "rank": report.rank,
        "error_code": report.error_code or None,
        "is_one_more": is_worth_one_more(report.trouble),
        "is_final": report.status.is_final,
        "is_delivered": report.status is MessageStatus.DELIVERED,
        "counts_as": _counts_as(report),
        "charged_as": _charged_as(report),
        "ends_as": as_counted(report.status, report.trouble),
        "reach": report.reach or "",
        "number_trouble": number_trouble(report.trouble, report.error_code),
    }


def _counts_as(report: StatusReport) -> str:
    """For its number's traffic: nothing before the carrier has passed it on."""
    if report.status.is_failure and report.trouble is Trouble.FILTERED:
        return "filtered"
    return "sent" if report.status.is_final or report.status is MessageStatus.SENT else ""


def _charged_as(report: StatusReport) -> str:
    """By the carrier: one that it did not pass on costs little."""
    if report.status is MessageStatus.FAILED:
        return Unit.FAILED_TEXT
    return Unit.SMS_OUT if _counts_as(report) else ""


def _judged_as(verdict: Verdict | None, now: float) -> dict[str, Any]:
    """What the script takes of a verdict. It tells a sender whom it vouches for of a picture that
    stays behind, and of what is held."""
    names = ("vouched", "distrusted", "text", "writer", "words", "held_id", "told_id")
    judged: dict[str, Any] = dict.fromkeys(names, "") | {"held_at": 0.0}
    match verdict:
        case Vouched(session, writer, text, words):
            picture = telling(Notice.PICTURE_NOT_RELAYED, session=session, to=writer, now=now)
            held = telling_of_held(session=session, to=writer, now=now)
            judged |= {"vouched": session, "text": text, "writer": writer, "words": words}
            judged |= {"held_id": held.id, "held_at": held.at, "told_id": held.before}
            return judged | told_by(picture)
        case Distrusted(session):
            judged["distrusted"] = session
    return judged | told_by(None)


def _supposed_sender(answer: Sequence[str]) -> SupposedSender:
    _, session_id, side, record, sealed = answer
    return SupposedSender(
        session=unpack_session(session_id, record), side=Role(side), sealed=sealed
    )


def _acceptance(answer: Sequence[str]) -> Acceptance:
    padded = (*answer, *[""] * 8)[:9]
    state, session, side, locale, index, one_of_several, code, context, limit = padded
    return Acceptance(
        state=AcceptState(state),
        session=session,
        sender=Role(side) if side else None,
        locale=locale,
        index=index,
        is_one_of_several=one_of_several == "1",
        code=code,
        stamped_context=context,
        limit=limit,
    )


def _unpack(message_id: str, record: dict[str, Any]) -> Message:
    started_at = float(record["started_at"])
    sids = [record.get("inbound_sid", ""), *record.get("sids", "").split(" ")]
    return Message(
        id=message_id,
        session=record["session"],
        number=record["number"],
        side=Role(record["side"]),
        index=record.get("index", ""),
        is_notice=record["kind"] == "notice",
        status=MessageStatus(record["status"]),
        started_at=started_at,
        attempts=int(record.get("attempts", 0)),
        had_one_more=record.get("had_one_more") == "1",
        segments=int(record["segments"]) if record.get("segments") else None,
        media=int(record.get("media", 0)),
        error_code=int(record["error_code"]) if record.get("error_code") else None,
        attempt=record.get("attempt", ""),
        carrier_sid=record.get("carrier_sid", ""),
        attempted_at=float(record.get("attempted_at") or 0),
        expires_at=float(record.get("expires_at") or started_at + NOTICE_LIFETIME),
        carrier_sids=tuple(sid for sid in sids if sid),
        delivered_at=int(record["delivered_at"]) if record.get("delivered_at") else None,
    )
