"""How a session is kept: its fields in a fixed order, parted by tabs.

``lua/shared/session.lua`` reads and writes the same order; a test compares the two lists. A hash
per session would take half as much memory again (``docs/benchmarks.md``).
"""

from __future__ import annotations

from collections.abc import Iterable

from relay.domain.participant import Role
from relay.domain.session import Channel, ClosedReason, Party, Session, SessionStatus

FIELDS = (
    "status",
    "number",
    "ordinal",
    "recruiter",
    "candidate",
    "recruiter_index",
    "candidate_index",
    "recruiter_sealed",
    "candidate_sealed",
    "created_at",
    "expires_at",
    "closed_at",
    "closed_reason",
    "code",
    "channels",
    "recruiter_locale",
    "candidate_locale",
    "recruiter_screen",
    "bindings",
    "previous",
    "former",
    "code_needed",
    "context",
)

_RECRUITER, _CANDIDATE = FIELDS.index("recruiter"), FIELDS.index("candidate")
_LETTERS = {Channel.VOICE: "v", Channel.SMS: "s"}


def pack_channels(channels: Iterable[Channel]) -> str:
    return "".join(_LETTERS[channel] for channel in sorted(channels, reverse=True))


def unpack_channels(letters: str) -> frozenset[Channel]:
    return frozenset(channel for channel, letter in _LETTERS.items() if letter in letters)


def people_of(record: str) -> dict[str, str]:
    """The refs of a record's recruiter and candidate, by role: for who needs no more."""
    recruiter, candidate = record.split("\t", _CANDIDATE + 1)[_RECRUITER : _CANDIDATE + 1]
    return {"recruiter": recruiter, "candidate": candidate}


def unpack_session(session_id: str, record: str) -> Session:
    """The session of a record as the scripts answer it."""
    value = dict(zip(FIELDS, record.split("\t"), strict=True))
    return Session(
        id=session_id,
        status=SessionStatus(value["status"]),
        virtual_number=value["number"],
        ordinal=int(value["ordinal"]),
        recruiter=_party(value, Role.RECRUITER, screen_calls=value["recruiter_screen"] == "1"),
        candidate=_party(value, Role.CANDIDATE, screen_calls=True),
        created_at=int(value["created_at"]),
        expires_at=int(value["expires_at"]),
        access_code=value["code"],
        channels=unpack_channels(value["channels"]),
        context=value["context"],
        closed_at=int(value["closed_at"]) if value["closed_at"] else None,
        closed_reason=ClosedReason(value["closed_reason"]) if value["closed_reason"] else None,
        bindings=int(value["bindings"]),
        previous=value["previous"],
        former=_unpack_former(value["former"]),
        code_needed=value["code_needed"] == "1",
    )


def _unpack_former(text: str) -> tuple[tuple[Role, str], ...]:
    parts = (part.split(":") for part in text.split(",") if part)
    return tuple((Role(role), index) for role, index in parts)


def _party(value: dict[str, str], role: Role, *, screen_calls: bool) -> Party:
    return Party(
        ref=value[role],
        phone_index=value[f"{role}_index"],
        sealed_phone=value[f"{role}_sealed"],
        locale=value[f"{role}_locale"],
        screen_calls=screen_calls,
    )
