"""Texts: taking them on, their records, and the carrier's reports about them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from relay.domain.errors import Unavailable
from relay.domain.message_progress import MessageStatus
from relay.domain.participant import Role
from relay.domain.reputation import FILTERED
from relay.domain.session import pool_of
from relay.domain.texts import (
    Acceptance,
    AcceptState,
    Message,
    Notice,
    Reported,
    ReportOutcome,
    SealedText,
    notice_id,
)
from relay.store.connection import Client
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.outbox import BODY_LIFETIME, LOOK_AGAIN, Outbox
from relay.store.scripts import Scripts

#: A refusal holds for so many seconds. The carrier's list is looked back into for minutes, and
#: for longer only after an outage.
REFUSED_FOR = 7 * 24 * 3600


class Messages:
    """``outbox`` has what is still to be sent. Every method raises Unavailable when Redis is away;
    times are POSIX seconds."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self.outbox = Outbox(client, scripts, keys)

    def accept(
        self,
        message_id: str,
        *,
        now: float,
        said_at: float,
        number: str,
        indexes: Sequence[str],
        inbound_sid: str,
        text: SealedText,
        media: int,
        retention: int,
    ) -> Acceptance:
        """Takes a text on, once; one that was refused is refused again for a week, whatever has
        changed. ``indexes`` are the sender's. Raises Unavailable for seconds, too, while a phone
        change of theirs is between its steps."""
        keys = self._keys.in_pool(pool_of(message_id))
        notice = notice_id(message_id, Notice.PICTURE_NOT_RELAYED)
        answer = self._scripts.run_positional(
            "accept_text",
            [
                keys.numbers,
                keys.sessions,
                keys.message(message_id),
                keys.body(message_id),
                keys.interactions,
                keys.outbox,
                keys.lanes,
                keys.counters,
                keys.message(notice),
                keys.body(notice),
                keys.codes,
                keys.refused(inbound_sid),
                *(keys.phone(index) for index in indexes),
            ],
            [
                now,
                number,
                message_id,
                inbound_sid,
                text.whole,
                media,
                notice,
                Notice.PICTURE_NOT_RELAYED,
                LOOK_AGAIN,
                retention,
                BODY_LIFETIME,
                # The carrier tells whole seconds.
                math.ceil(said_at),
                text.code,
                text.rest,
                REFUSED_FOR,
                *indexes,
            ],
        )
        if answer == ["moving"]:
            raise Unavailable("A phone change of the sender's is between its steps.")
        return _acceptance(answer)

    def record_status(
        self,
        message_id: str,
        *,
        attempt: str,
        now: float,
        sid: str,
        status: MessageStatus,
        rank: int,
        error_code: int,
        number: str | None = None,
        send_again_at: float | None,
        notice: Notice,
        retention: int,
    ) -> Reported:
        """Moves a text forwards, and its number's traffic with it. ``notice`` is what its sender is
        told if this is its failure. Who has the record names the virtual number, and saves a
        round trip."""
        keys = self._keys.in_pool(pool_of(message_id))
        told = notice_id(message_id, notice)
        if number is None:
            number = self._client.hget(keys.message(message_id), "number") or ""
        outcome, head, is_told = self._scripts.run_positional(
            "record_message_status",
            [
                keys.message(message_id),
                keys.body(message_id),
                keys.outbox,
                keys.lanes,
                keys.sending,
                keys.sessions,
                keys.counters,
                keys.carried(sid),
                keys.message(told),
                keys.body(told),
                keys.traffic(number),
            ],
            [
                message_id,
                attempt,
                now,
                sid,
                status,
                rank,
                error_code or "",
                int(status.is_final),
                "" if send_again_at is None else send_again_at,
                told,
                notice if status.is_failure else "",
                LOOK_AGAIN,
                retention,
                BODY_LIFETIME,
                _counts_as(status, error_code),
            ],
        )
        return Reported(ReportOutcome(outcome), head, bool(is_told))

    def read(self, message_id: str) -> Message | None:
        return self.read_many([message_id])[0]

    def read_many(self, message_ids: Sequence[str]) -> list[Message | None]:
        """The records in the order of the ids, in one round trip; None for one that has gone."""
        with self._client.pipeline(transaction=False) as pipe:
            for message_id in message_ids:
                pipe.hgetall(self._keys.in_pool(pool_of(message_id)).message(message_id))
            records = pipe.execute()
        return [
            _unpack(message_id, record) if record else None
            for message_id, record in zip(message_ids, records, strict=True)
        ]

    def reconciled_until(self, account: str) -> float | None:
        """Until when a carrier account's list of inbound texts was last gone through."""
        text = self._client.get(DeploymentKeys().fetched(account))
        return float(text) if text else None

    def note_reconciled(self, account: str, until: float) -> None:
        self._client.set(DeploymentKeys().fetched(account), f"{until:.3f}")


def _counts_as(status: MessageStatus, error_code: int) -> str:
    """For its number's traffic: nothing before the carrier has passed it on."""
    if status.is_failure and error_code == FILTERED:
        return "filtered"
    return "sent" if status.is_final or status is MessageStatus.SENT else ""


def _acceptance(answer: Sequence[str]) -> Acceptance:
    state, session, side, locale, index, one_of_several, code, context = (*answer, *[""] * 7)[:8]
    return Acceptance(
        state=AcceptState(state),
        session=session,
        sender=Role(side) if side else None,
        locale=locale,
        index=index,
        is_one_of_several=one_of_several == "1",
        code=code,
        context=context,
    )


def _unpack(message_id: str, record: dict[str, Any]) -> Message:
    sids = [record.get("inbound_sid", ""), *record.get("sids", "").split(" ")]
    return Message(
        id=message_id,
        session=record["session"],
        number=record["number"],
        side=Role(record["side"]),
        is_notice=record["kind"] == "notice",
        status=MessageStatus(record["status"]),
        started_at=float(record["started_at"]),
        attempts=int(record.get("attempts", 0)),
        redelivered=record.get("redelivered") == "1",
        segments=int(record["segments"]) if record.get("segments") else None,
        media=int(record.get("media", 0)),
        error_code=int(record["error_code"]) if record.get("error_code") else None,
        carrier_sids=tuple(sid for sid in sids if sid),
    )
