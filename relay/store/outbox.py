"""The outbox and its lanes: what waits to be sent, one text at a time to each phone.

Every step that begins or ends a send is one script, fenced by the token of the execution that
makes it, so that a worker that was thought dead can do no harm when it comes back.
"""

from __future__ import annotations

from typing import Any

from relay.domain.message_progress import (
    FINAL_RANK,
    MessageStatus,
    OwnFailure,
    is_worth_one_more,
    reach_after,
)
from relay.domain.notices import Telling
from relay.domain.session import ClosedReason, pool_of
from relay.domain.texts import (
    Behind,
    GivenUp,
    NothingToSend,
    NotYet,
    SendLease,
    Turn,
    second_id,
)
from relay.domain.trouble import Scope, Trouble
from relay.store.connection import Client
from relay.store.figures import read_moment
from relay.store.keys import BoardKeys
from relay.store.outcomes import as_counted
from relay.store.scripts import Scripts, TooFewReplicas
from relay.store.send_leases import read_lease

#: Longer than the carrier's request can take: five seconds to connect and five for the answer.
LEASE = 12.0
#: Who accepts a text enqueues it, too; the sweeper looks after this many seconds.
LOOK_AGAIN = 3.0
#: A swept message that is still there is swept again after this many seconds.
SWEEP_PAUSE = 10.0
#: How a text ended that the carrier has not reported for so many seconds, it is asked.
ASK_AFTER = 300
#: What scripts are told of the reasons for which a session was closed.
TAKING_BACK_TEXTS = tuple(reason for reason in ClosedReason if reason.takes_back_texts)
TAKING_BACK_NOTICES = tuple(reason for reason in ClosedReason if reason.takes_back_notices)
_BATCH = 500
#: Longer than a text or a notice waits, in seconds.
_RESTORE_REMEMBERED = 7 * 24 * 3600


class Outbox:
    """Times are POSIX seconds. Every method raises Unavailable."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys

    def begin(
        self, message_id: str, *, token: str, now: float, lease: float = LEASE
    ) -> SendLease | Behind | NotYet | NothingToSend:
        """Asks for the message's turn in its lane, to hold it for ``lease`` seconds. Who gets it
        may ask the carrier: where there are replicas, the attempt is on record on those, too."""
        state, rest = "look", ["", ""]
        # Only the script knows what it must look at, and only the caller may name the keys of it.
        while state == "look":
            index, ahead = rest
            state, *rest = self._begin(message_id, token, now, lease, index=index, ahead=ahead)
        if state == "done":
            return NothingToSend()
        if state == "behind":
            return Behind(rest[0])
        if state == "wait":
            return NotYet(float(rest[0]))
        return read_lease(message_id, token, Turn(state), *rest)

    def _begin(
        self, message_id: str, token: str, now: float, lease: float, *, index: str, ahead: str
    ) -> list[str]:
        answer: list[str]
        try:
            answer = self._scripts.run(
                "begin_send",
                self._keys,
                now=now,
                id=message_id,
                token=token,
                lease=lease,
                index=index,
                ahead_id=ahead,
                taking_back_texts=TAKING_BACK_TEXTS,
                taking_back_notices=TAKING_BACK_NOTICES,
            )
        except TooFewReplicas as error:
            answer = error.answer
            if answer[0] == Turn.SEND:
                return self._withdraw(message_id, token, now)
        return answer

    def _withdraw(self, message_id: str, token: str, now: float) -> list[str]:
        """The attempt that was begun is not made: a fail-over could forget it."""
        until = now + LOOK_AGAIN
        self.postpone(
            message_id,
            token=token,
            now=now,
            until=until,
            outcome_unknown=False,
            error_code=0,
            is_withdrawn=True,
        )
        return ["wait", str(until)]

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
        """The carrier has it. Returns the message that is first in the lane now, or ""."""
        first: str = self._scripts.run(
            "confirm_send",
            self._keys.in_pool(pool_of(message_id)),
            durably=False,
            now=now,
            id=message_id,
            token=token,
            sid=sid,
            status=status,
            rank=rank,
            segments=segments,
            retention=retention,
            ask_at=now + ASK_AFTER,
            look_again=LOOK_AGAIN,
        )
        return first

    def postpone(
        self,
        message_id: str,
        *,
        token: str,
        now: float,
        until: float,
        outcome_unknown: bool,
        error_code: int,
        trouble: Trouble | None = None,
        number: str = "",
        segments: int | None = None,
        is_withdrawn: bool = False,
    ) -> bool:
        """It stays first in its lane until then. ``outcome_unknown``: the last attempt may have
        reached the carrier, and cost ``segments``; ``is_withdrawn``: it was not made. ``trouble``
        may be the virtual ``number``'s. Returns False when the token no longer counts."""
        postponed = self._scripts.run(
            "postpone_send",
            self._keys.in_pool(pool_of(message_id)),
            durably=False,
            now=now,
            id=message_id,
            token=token,
            next_at=until,
            outcome_unknown=outcome_unknown,
            error_code=error_code,
            number=number,
            number_trouble=number_trouble(trouble, error_code),
            is_one_more=is_worth_one_more(trouble),
            is_withdrawn=is_withdrawn,
            segments=segments,
        )
        return bool(postponed)

    def split(self, message_id: str, *, token: str, now: float, first: str, second: str) -> bool:
        """It becomes two messages, one behind the other, of these sealed texts; the attempt that
        ``token`` began is withdrawn. Returns False when the token no longer counts."""
        is_split = self._scripts.run(
            "split_text",
            self._keys,
            durably=False,
            now=now,
            id=message_id,
            token=token,
            first_text=first,
            second_id=second_id(message_id),
            second_text=second,
            look_again=LOOK_AGAIN,
            taking_back_texts=TAKING_BACK_TEXTS,
        )
        return bool(is_split)

    def give_up(
        self,
        message_id: str,
        *,
        token: str,
        now: float,
        error_code: int,
        why: Trouble | OwnFailure | None,
        telling: Telling,
        retention: int,
        number: str,
    ) -> GivenUp:
        """Its body goes, its sender is told. A trouble is noted of its receiver or ``number``."""
        trouble = why if isinstance(why, Trouble) else None
        counted, first, is_told = self._scripts.run(
            "fail_send",
            self._keys.in_pool(pool_of(message_id)),
            durably=False,
            now=now,
            id=message_id,
            token=token,
            number=number,
            error_code=error_code,
            rank=FINAL_RANK,
            ends_as=as_counted(MessageStatus.FAILED, why),
            is_filtered=trouble is Trouble.FILTERED,
            reach=reach_after(MessageStatus.FAILED, trouble) or "",
            number_trouble=number_trouble(trouble, error_code),
            **told_by(telling),
            look_again=LOOK_AGAIN,
            record_life=retention,
            taking_back_notices=TAKING_BACK_NOTICES,
        )
        return GivenUp(counted=bool(counted), next=first, sender_told=bool(is_told))

    def lanes_of(self, message_ids: list[str]) -> list[tuple[str, str]]:
        """The virtual number and the receiver's index of each; empty for one that is gone."""
        with self._client.pipeline(transaction=False) as pipeline:
            for message_id in message_ids:
                pipeline.hmget(self._keys.message(message_id), "number", "index")
            return [(number or "", index or "") for number, index in pipeline.execute()]

    def sweep(self, *, now: float) -> list[str]:
        """Returns the ids of what waits longer than it should; each is due again after a pause."""
        due: list[str] = self._scripts.run(
            "sweep_outbox",
            self._keys,
            durably=False,
            now=now,
            batch=_BATCH,
            pause=SWEEP_PAUSE,
        )
        return due

    def note_restored(self, *, snapshot_at: float, ended_at: float) -> int:
        """What was made before ``ended_at`` may have been sent since the snapshot, which the store
        knows nothing of. Returns how many messages wait."""
        noted = f"{snapshot_at:.3f} {ended_at:.3f}"
        self._scripts.write("SET", self._keys.restored, noted, "EX", _RESTORE_REMEMBERED)
        return int(self._client.zcard(self._keys.outbox))

    def restored(self) -> tuple[float, float] | None:
        """Moments of the latest restore's snapshot and end; None a week later, and where somebody
        else has written."""
        noted = self._client.get(self._keys.restored) or ""
        snapshot_at, ended_at = map(read_moment, noted.partition(" ")[::2])
        return (snapshot_at, ended_at) if snapshot_at and ended_at else None

    def owned(self, sids: list[str]) -> set[str]:
        """Returns those of the carrier's sids that some message of ours has taken for its own."""
        if not sids:
            return set()
        owners = self._client.mget([self._keys.carried(sid) for sid in sids])
        return {sid for sid, owner in zip(sids, owners, strict=True) if owner}


def told_by(telling: Telling | None) -> dict[str, Any]:
    """What the scripts take that tell somebody (``lua/shared/gathering.lua``); None: nobody."""
    return {
        "notice_id": telling.id if telling else "",
        "notice_kind": telling.notice if telling else "",
        "more_kind": telling.more if telling else "",
        "more_id": telling.more_id if telling else "",
        "more_at": telling.more_at if telling else 0.0,
    }


def number_trouble(trouble: Trouble | None, code: int) -> str:
    """The carrier's code where the trouble is the virtual number's, else ""."""
    return str(code) if trouble and trouble.scope is Scope.NUMBER else ""
