"""Sessions: claiming a number for a pair, changing, closing, finding and forgetting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relay.domain.access_code import DRAWS, is_cut_from
from relay.domain.allocation import draw_session_id
from relay.domain.errors import BeingChanged, Conflict
from relay.domain.guesses import MOST_NEW_COUNTERPARTS, PHONES
from relay.domain.participant import Participant, Role
from relay.domain.session import Channel, ClosedReason, Session
from relay.signing import Signer
from relay.store.claims import ClaimOutcome, ClaimRequest, Elsewhere, Pair, read_outcome
from relay.store.connection import Client
from relay.store.keys import BoardKeys
from relay.store.people import ask_for_person, details_of, limits_of, unpack_participant
from relay.store.pools import unpack_pool
from relay.store.records import (
    draws_for,
    is_genuine,
    pack_channels,
    signed_of,
    unpack_session,
)
from relay.store.scripts import Scripts


class Sessions:
    """Every method raises Unavailable when Redis is away."""

    def __init__(self, client: Client, scripts: Scripts, keys: BoardKeys, signer: Signer) -> None:
        self._client = client
        self._scripts = scripts
        self._keys = keys
        self._signer = signer

    def is_genuine(self, session: Session) -> bool:
        """Whether we have put these two people into this session (P9)."""
        return is_genuine(self._signer, self._keys.board, session)

    def is_code_of(self, session: Session, code: str) -> bool:
        """Whether it is a code of this pair, and of no other one (P9)."""
        return is_cut_from(self._draws_for(session.recruiter.ref, session.candidate.ref), code)

    def has_code_of_former_key(self, session: Session) -> bool:
        """Whether its code was drawn under a key of the ring that does not sign now."""
        draws = self._draws_for(session.recruiter.ref, session.candidate.ref)
        return is_cut_from(draws, session.access_code) and not is_cut_from(
            draws[:DRAWS], session.access_code
        )

    def _draws_for(self, recruiter: str, candidate: str) -> list[str]:
        return draws_for(self._signer, self._keys.board, recruiter, candidate)

    def look_at_pair(self, recruiter: str, candidate: str, *, pool: str | None = None) -> Pair:
        """What a claim for these two refs is made of, in one round trip."""
        keys = self._keys
        with self._client.pipeline(transaction=False) as pipe:
            ask_for_person(pipe, keys, Role.RECRUITER, recruiter)
            ask_for_person(pipe, keys, Role.CANDIDATE, candidate)
            pipe.hget(keys.open(Role.RECRUITER, recruiter), candidate)
            pipe.hget(keys.past(Role.RECRUITER, recruiter), candidate)
            if pool is not None:
                pipe.hgetall(keys.in_pool(pool).policy)
            of_recruiter, its_seal, of_candidate, their_seal, open_id, past_id, *policy = (
                pipe.execute()
            )
        return Pair(
            recruiter=_person(Role.RECRUITER, recruiter, of_recruiter, its_seal),
            candidate=_person(Role.CANDIDATE, candidate, of_candidate, their_seal),
            latest=open_id or past_id or "",
            pool=None if pool is None else unpack_pool(self._signer, keys.board, pool, policy[0]),
        )

    def claim(
        self,
        pool: str,
        recruiter: Participant,
        candidate: Participant,
        request: ClaimRequest,
        *,
        now: float,
        retention: int,
    ) -> ClaimOutcome:
        """The pair's open session, or a new one on the number that the policy chooses; atomic, with
        what is to be put on record of them.

        Raises RateLimited when too many new phones were paired with a person's in a day, or an API
        key has had too many phones compared. Both must be indexed under the same index keys.
        ``retention`` is how long, in seconds, an ended session is kept.
        """
        while True:
            answer = self._claim(pool, recruiter, candidate, request, now=now, retention=retention)
            outcome = read_outcome(answer)
            if isinstance(outcome, Elsewhere) and not outcome.session.is_live(now):
                self.close(outcome.session.id, ClosedReason.EXPIRED, now=now)
            elif outcome is not None:
                return outcome

    def _claim(
        self,
        pool: str,
        recruiter: Participant,
        candidate: Participant,
        request: ClaimRequest,
        *,
        now: float,
        retention: int,
    ) -> list[Any]:
        answer: list[Any] = self._scripts.run(
            "claim",
            self._keys.in_pool(pool),
            now=now,
            **self._signed(draw_session_id(pool), request.latest, recruiter, candidate),
            pool=pool,
            recruiter_ref=recruiter.ref,
            candidate_ref=candidate.ref,
            **_asked(request, now),
            retention=retention,
            recruiter_indexes=recruiter.phone_indexes,
            candidate_indexes=candidate.phone_indexes,
            draws=" ".join(self._draws_for(recruiter.ref, candidate.ref)),
            most_new_recruiters=MOST_NEW_COUNTERPARTS[Role.CANDIDATE],
            most_new_candidates=MOST_NEW_COUNTERPARTS[Role.RECRUITER],
        )
        return answer

    def _signed(
        self, proposed: str, latest: str, recruiter: Participant, candidate: Participant
    ) -> dict[str, Any]:
        """The proposed session's id and the latest one's, each with its signature."""
        signatures = [
            self._signer.sign(*signed_of(self._keys.board, each, recruiter.ref, candidate.ref))
            for each in (proposed, latest)
        ]
        return {
            "id": proposed,
            "signature": signatures[0],
            "latest": latest,
            "latest_signature": signatures[1],
        }

    def get(self, session_id: str) -> Session | None:
        record = self._client.hget(self._keys.sessions, session_id)
        return unpack_session(session_id, record) if record else None

    def of_ids(self, session_ids: Sequence[str]) -> list[Session]:
        """The sessions that have these ids, as far as they are kept."""
        return read_sessions(self._client, self._keys, session_ids)

    def amend(
        self,
        session_id: str,
        *,
        now: float,
        expires_at: int | None = None,
        channels: frozenset[Channel] | None = None,
        stamped_context: str | None = None,
    ) -> Session | None:
        """The session after the change; a closed or expired one comes back as it is. Raises
        Conflict when its number cannot carry a channel, or somebody's phone is changing."""
        session = self.get(session_id)
        if session is None:
            return None
        outcome, *record = self._scripts.run(
            "amend",
            self._keys.in_pool(session.pool),
            now=now,
            id=session_id,
            recruiter_ref=session.recruiter.ref,
            candidate_ref=session.candidate.ref,
            expires_at=expires_at,
            channels=pack_channels(channels) if channels is not None else None,
            changes_context=stamped_context is not None,
            context=stamped_context or "",
        )
        if outcome == "incapable":
            raise Conflict(
                "The session's number cannot carry these channels.", code="channel_not_carried"
            )
        if outcome == "again":
            raise BeingChanged("A phone of the pair has changed; try again.")
        return None if outcome == "unknown" else unpack_session(session_id, record[0])

    def close(self, session_id: str, reason: ClosedReason, *, now: float) -> Session | None:
        """Closes at once. Returns the session after it, or None when there is none."""
        session = self.get(session_id)
        if session is None:
            return None
        record = self._scripts.run(
            "close",
            self._keys.in_pool(session.pool),
            now=now,
            id=session_id,
            recruiter_ref=session.recruiter.ref,
            candidate_ref=session.candidate.ref,
            reason=reason,
            revokes=reason.revokes_calls,
        )
        return unpack_session(session_id, record) if record else None

    def bound_to(self, index: str, number: str) -> list[Session]:
        """The sessions, open or cooling, that a phone has on a virtual number; newest first."""
        held = self._client.hget(self._keys.phone(index), number) or ""
        return sorted(self.of_ids(held.split()), key=_newest_first)

    def of_participant(self, role: Role, ref: str) -> list[Session]:
        """All kept sessions of a person, newest first: those that are open, each counterpart's
        latest ended one, and those before it."""
        found = kept_sessions_of(self._client, self._keys, role, ref)
        return sorted(found, key=_newest_first)

    def few_of(self, role: Role, ref: str, *, most: int) -> list[Session] | None:
        """All kept sessions of a person, in no order; None where they are more."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.hlen(self._keys.open(role, ref))
            pipe.hlen(self._keys.past(role, ref))
            if sum(pipe.execute()) > most:
                return None
        found: dict[str, Session] = {}
        for sessions in _kept_in_rounds(self._client, self._keys, role, ref):
            found.update((session.id, session) for session in sessions)
            if len(found) > most:
                return None
        return list(found.values())

    def scan(self, cursor: int, count: int) -> tuple[int, list[Session]]:
        """Some sessions and the cursor to go on from; 0 begins and ends (``HSCAN``)."""
        next_cursor, records = self._client.hscan(self._keys.sessions, cursor=cursor, count=count)
        return int(next_cursor), [unpack_session(i, record) for i, record in records.items()]

    def last_interactions_at(self, sessions: Sequence[Session]) -> dict[str, int]:
        """Session id → when its latest call or message began, for those that have one."""
        with self._client.pipeline(transaction=False) as pipe:
            for session in sessions:
                pipe.zrange(
                    self._keys.interactions,
                    f"({session.id}\n",
                    f"[{session.id}\t",
                    bylex=True,
                    desc=True,
                    offset=0,
                    num=1,
                )
            answers = pipe.execute()
        return {
            session.id: int(members[0].split("\t")[1])
            for session, members in zip(sessions, answers, strict=True)
            if members
        }


def read_sessions(client: Client, keys: BoardKeys, ids: Sequence[str]) -> list[Session]:
    """The sessions of these ids, as far as they are kept."""
    records = client.hmget(keys.sessions, ids) if ids else []
    return [unpack_session(i, record) for i, record in zip(ids, records, strict=True) if record]


def kept_sessions_of(client: Client, keys: BoardKeys, role: Role, ref: str) -> list[Session]:
    """All of a person that are on record, in no order."""
    rounds = _kept_in_rounds(client, keys, role, ref)
    return list({session.id: session for sessions in rounds for session in sessions}.values())


def _kept_in_rounds(
    client: Client, keys: BoardKeys, role: Role, ref: str
) -> Iterator[list[Session]]:
    """Those that are open and each counterpart's latest ended one, then again and again those
    before the last round's."""
    with client.pipeline(transaction=False) as pipe:
        pipe.hvals(keys.open(role, ref))
        pipe.hvals(keys.past(role, ref))
        ids = [session_id for found_ids in pipe.execute() for session_id in found_ids]
    seen = set(ids)
    while ids:
        sessions = read_sessions(client, keys, ids)
        yield sessions
        ids = [s.previous for s in sessions if s.previous and s.previous not in seen]
        seen.update(ids)


def _asked(request: ClaimRequest, now: float) -> dict[str, Any]:
    """The arguments that say what is asked."""
    return {
        "channels": None if request.channels is None else pack_channels(request.channels),
        "changes_context": request.stamped_context is not None,
        "context": request.stamped_context or "",
        "expires_at": request.expires_at,
        "extend": request.expiry_was_asked_for,
        "area": request.area,
        "given": [
            {"seen": ",".join(given.seen), **details_of(given.person, now)}
            for given in request.given
        ],
        "take_over": request.take_over,
        **limits_of(PHONES, request.client),
    }


def _person(
    role: Role, ref: str, record: Mapping[str, str], sealed: str | None
) -> Participant | None:
    return unpack_participant(role, ref, record, sealed) if record else None


def _newest_first(session: Session) -> tuple[int, str]:
    return (-session.created_at, session.id)
