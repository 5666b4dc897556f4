"""How a session is kept: its fields in a fixed order, parted by tabs.

``lua/shared/session.lua`` reads and writes the same order; a test compares the two lists. A hash
per session would take half as much memory again (``docs/benchmarks.md``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from relay.domain.access_code import draw_access_codes
from relay.domain.participant import Role
from relay.domain.session import Channel, ClosedReason, Party, Session, SessionStatus
from relay.signing import Signer


class Record(NamedTuple):
    """The texts of a record; "" where the session has none."""

    status: str
    number: str
    ordinal: str
    recruiter: str
    candidate: str
    recruiter_index: str
    candidate_index: str
    created_at: str
    expires_at: str
    closed_at: str
    closed_reason: str
    code: str
    channels: str
    recruiter_locale: str
    candidate_locale: str
    recruiter_guard: str
    candidate_guard: str
    bindings: str
    previous: str
    former: str
    code_needed: str
    signature: str
    context: str


_RECRUITER, _CANDIDATE = map(Record._fields.index, ("recruiter", "candidate"))
_LETTERS = {Channel.VOICE: "v", Channel.SMS: "s"}


def pack_channels(channels: Iterable[Channel]) -> str:
    return "".join(_LETTERS[channel] for channel in sorted(channels, reverse=True))


@cache
def unpack_channels(letters: str) -> frozenset[Channel]:
    return frozenset(channel for channel, letter in _LETTERS.items() if letter in letters)


def people_of(record: str) -> dict[str, str]:
    """The refs of a record's recruiter and candidate, by role: for who needs no more."""
    recruiter, candidate = record.split("\t", _CANDIDATE + 1)[_RECRUITER : _CANDIDATE + 1]
    return {"recruiter": recruiter, "candidate": candidate}


def signed_of(board: str, session_id: str, recruiter: str, candidate: str) -> tuple[str, ...]:
    """What a session's signature is over."""
    return ("session", board, session_id, recruiter, candidate)


def is_genuine(signer: Signer, board: str, session: Session) -> bool:
    """Whether we have put these two people into this session (P9)."""
    pair = (session.recruiter.ref, session.candidate.ref)
    return signer.is_genuine(session.signature, *signed_of(board, session.id, *pair))


def draws_for(signer: Signer, board: str, recruiter: str, candidate: str) -> list[str]:
    """What the access codes of a pair are cut from (``codes.lua``)."""
    return draw_access_codes(signer.secrets_of("access code", board, recruiter, candidate))


def stamped_for(board: str, recruiter: str, candidate: str) -> tuple[str, ...]:
    """Whom the stamp of a context is for."""
    return ("context", board, recruiter, candidate)


def guarded_for(board: str, role: Role, ref: str) -> tuple[str, ...]:
    """Whom the stamp of a guard is for."""
    return ("guard", board, role, ref)


def sign_record_anew(signer: Signer, board: str, session_id: str, record: str) -> str:
    """A session's record with all that is signed in it under the key that signs now. What we have
    not signed stays as it is."""
    kept = Record._make(record.split("\t"))
    pair = (kept.recruiter, kept.candidate)
    signed = signed_of(board, session_id, *pair)
    is_ours = signer.is_genuine(kept.signature, *signed)
    changed = kept._replace(
        signature=signer.sign(*signed) if is_ours else kept.signature,
        context=signer.stamp_anew(kept.context, *stamped_for(board, *pair)),
        recruiter_guard=signer.stamp_anew(
            kept.recruiter_guard, *guarded_for(board, Role.RECRUITER, kept.recruiter)
        ),
        candidate_guard=signer.stamp_anew(
            kept.candidate_guard, *guarded_for(board, Role.CANDIDATE, kept.candidate)
        ),
    )
    return "\t".join(changed)


def unpack_session(session_id: str, record: str) -> Session:
    """The session of a record as the scripts answer it."""
    kept = Record._make(record.split("\t"))
    return Session(
        id=session_id,
        status=SessionStatus(kept.status),
        virtual_number=kept.number,
        ordinal=int(kept.ordinal),
        recruiter=Party(
            ref=kept.recruiter,
            phone_index=kept.recruiter_index,
            locale=kept.recruiter_locale,
            stamped_guard=kept.recruiter_guard,
        ),
        candidate=Party(
            ref=kept.candidate,
            phone_index=kept.candidate_index,
            locale=kept.candidate_locale,
            stamped_guard=kept.candidate_guard,
        ),
        created_at=int(kept.created_at),
        expires_at=int(kept.expires_at),
        access_code=kept.code,
        channels=unpack_channels(kept.channels),
        stamped_context=kept.context,
        closed_at=int(kept.closed_at) if kept.closed_at else None,
        closed_reason=ClosedReason(kept.closed_reason) if kept.closed_reason else None,
        bindings=int(kept.bindings),
        previous=kept.previous,
        former=_unpack_former(kept.former) if kept.former else (),
        code_needed=kept.code_needed == "1",
        signature=kept.signature,
    )


def _unpack_former(text: str) -> tuple[tuple[Role, str], ...]:
    parts = (part.split(":") for part in text.split(","))
    return tuple((Role(role), index) for role, index in parts)
