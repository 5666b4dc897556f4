"""The outbox and its lanes: what waits to be sent, one text at a time to each phone.

Every step that begins or ends a send is one script, fenced by the token of the execution that
makes it, so that a worker that was thought dead can do no harm when it comes back.
"""

from __future__ import annotations

from typing import Any

from relay.domain.message_progress import FINAL_RANK, MessageStatus
from relay.domain.participant import Role
from relay.domain.reputation import FILTERED
from relay.domain.session import pool_of
from relay.domain.texts import (
    Behind,
    GivenUp,
    Grant,
    NothingToSend,
    Notice,
    NotYet,
    Turn,
    notice_id,
    second_id,
)
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.scripts import Scripts

#: Longer than the carrier's request can take: five seconds to connect and five for the answer.
LEASE = 12.0
#: Who accepts a text enqueues it, too; the sweeper looks after this many seconds.
LOOK_AGAIN = 3.0
#: A swept message that is still there is swept again after this many seconds.
SWEEP_PAUSE = 10.0
BODY_LIFETIME = 24 * 3600
_BATCH = 500

#: As in ``lua/shared/message.lua``; a test compares the two.
MESSAGE_FIELDS = (
    "session",
    "side",
    "kind",
    "notice",
    "number",
    "index",
    "locale",
    "status",
    "rank",
    "started_at",
    "order",
    "place",
    "attempts",
    "attempt",
    "open",
    "attempted_at",
    "next_at",
    "carrier_sid",
    "redelivered",
    "code",
    "context",
    "part",
    "one_of_several",
)


class Outbox:
    """Every method raises Unavailable when Redis is away. Times are POSIX seconds."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def begin(
        self, message_id: str, *, token: str, now: float, lease: float = LEASE
    ) -> Grant | Behind | NotYet | NothingToSend:
        """Asks for the message's turn in its lane."""
        state, rest = "phone", [""]
        # Only the script knows whose bindings it must see, and only the caller may name their key.
        while state == "phone":
            state, *rest = self._begin(message_id, token, now, lease, index=rest[0])
        if state == "done":
            return NothingToSend()
        if state == "behind":
            return Behind(rest[0])
        if state == "wait":
            return NotYet(float(rest[0]))
        return _grant(message_id, token, Turn(state), *rest)

    def _begin(
        self, message_id: str, token: str, now: float, lease: float, *, index: str
    ) -> list[str]:
        keys = self._keys.in_pool(pool_of(message_id))
        answer: list[str] = self._run(
            "begin_send",
            [
                keys.message(message_id),
                keys.body(message_id),
                keys.outbox,
                keys.lanes,
                keys.sending,
                keys.sessions,
                keys.phone(index),
            ],
            [message_id, token, now, lease, index],
        )
        return answer

    def confirm(
        self,
        message_id: str,
        *,
        token: str,
        now: float,
        sid: str,
        status: MessageStatus,
        rank: int,
        segments: int,
        retention: int,
    ) -> str:
        """The carrier has it. Answers the message that is first in the lane now, or ""."""
        keys = self._keys.in_pool(pool_of(message_id))
        answer: str = self._run(
            "confirm_send",
            [
                keys.message(message_id),
                keys.outbox,
                keys.lanes,
                keys.sending,
                keys.carried(sid),
            ],
            [message_id, token, now, sid, status, rank, segments, LOOK_AGAIN, retention],
        )
        return answer

    def postpone(
        self,
        message_id: str,
        *,
        token: str,
        now: float,
        until: float,
        is_open: bool,
        error_code: int,
    ) -> bool:
        """It stays first in its lane until then. ``is_open``: whether the last attempt reached
        the carrier is not known. False when the token no longer counts."""
        keys = self._keys.in_pool(pool_of(message_id))
        return bool(
            self._run(
                "postpone_send",
                [keys.message(message_id), keys.outbox, keys.sending],
                [message_id, token, now, until, "1" if is_open else "", error_code],
            )
        )

    def split(self, message_id: str, *, token: str, now: float, first: str, second: str) -> bool:
        """It becomes two messages, one behind the other, of these sealed texts; the attempt that
        ``token`` began is withdrawn. False when the token no longer counts."""
        keys = self._keys.in_pool(pool_of(message_id))
        other = second_id(message_id)
        return bool(
            self._run(
                "split_text",
                [
                    keys.message(message_id),
                    keys.body(message_id),
                    keys.message(other),
                    keys.body(other),
                    keys.sessions,
                    keys.interactions,
                    keys.outbox,
                    keys.lanes,
                    keys.sending,
                ],
                [message_id, token, now, first, other, second, LOOK_AGAIN],
            )
        )

    def give_up(
        self,
        message_id: str,
        *,
        token: str,
        now: float,
        error_code: int,
        notice: Notice,
        retention: int,
        number: str = "",
    ) -> GivenUp:
        """It will not be sent: its body goes and its sender gets the notice. ``number`` is the
        virtual one, whose traffic a filtered text is counted in."""
        keys = self._keys.in_pool(pool_of(message_id))
        told = notice_id(message_id, notice)
        counted, head, is_told = self._run(
            "fail_send",
            [
                keys.message(message_id),
                keys.body(message_id),
                keys.outbox,
                keys.lanes,
                keys.sending,
                keys.sessions,
                keys.counters,
                keys.message(told),
                keys.body(told),
                keys.traffic(number),
            ],
            [
                message_id,
                token,
                now,
                error_code,
                FINAL_RANK,
                told,
                notice,
                LOOK_AGAIN,
                retention,
                BODY_LIFETIME,
                int(error_code == FILTERED and number != ""),
            ],
        )
        return GivenUp(counted=bool(counted), next=head, sender_told=bool(is_told))

    def sweep(self, pool: str, *, now: float) -> list[str]:
        """Ids of what waits longer than it should; each is due again after a pause."""
        due: list[str] = self._run(
            "sweep_outbox", [self._keys.in_pool(pool).outbox], [now, _BATCH, SWEEP_PAUSE]
        )
        return due

    def owned(self, pool: str, sids: list[str]) -> set[str]:
        """Those of the carrier's sids that some message of ours has taken for its own."""
        if not sids:
            return set()
        keys = self._keys.in_pool(pool)
        owners = self._client.mget([keys.carried(sid) for sid in sids])
        return {sid for sid, owner in zip(sids, owners, strict=True) if owner}

    def _run(self, script: str, keys: list[str], args: list[Any]) -> Any:
        return self._scripts.run_positional(script, keys, args)


def _grant(message_id: str, token: str, turn: Turn, until: str, body: str, *values: str) -> Grant:
    value = dict(zip(MESSAGE_FIELDS, values, strict=True))
    text, phone = body.split("\t") if body else ("", "")
    return Grant(
        turn=turn,
        message=message_id,
        token=token,
        until=float(until),
        session=value["session"],
        receiver=Role(value["side"]),
        number=value["number"],
        sealed_text=text,
        sealed_phone=phone,
        attempts=int(value["attempts"] or 0),
        attempt=value["attempt"],
        attempted_at=float(value["attempted_at"] or 0),
        accepted_at=float(value["started_at"]),
        notice=Notice(value["notice"]) if value["notice"] else None,
        locale=value["locale"],
        index=value["index"],
        code=value["code"],
        context=value["context"],
        part=value["part"],
    )
