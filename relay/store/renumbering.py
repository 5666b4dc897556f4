"""What scripts take to give a session another number (``lua/shared/renumbering.lua``)."""

from __future__ import annotations

from collections.abc import Iterable

from relay.domain.allocation import draw_session_id
from relay.domain.participant import Role
from relay.domain.phone import area_code_of
from relay.domain.pool import Geo, Pool
from relay.domain.session import Session
from relay.signing import Signer
from relay.store.records import draws_for, signed_of
from relay.store.suppressions import Suppressions


def renumbering_of(session: Session, pool: Pool, signer: Signer, *, board: str) -> dict[str, str]:
    """Its trace on the number that it leaves, the draws of its pair, and the area to look in: that
    of the number, where the pool looks at areas."""
    trace = draw_session_id(session.pool)
    pair = (session.recruiter.ref, session.candidate.ref)
    by_area = pool.geo is Geo.AREA_CODE
    return {
        "id": session.id,
        "trace": trace,
        "signature": signer.sign(*signed_of(board, trace, *pair)),
        "draws": " ".join(draws_for(signer, board, *pair)),
        "area": area_code_of(session.virtual_number) if by_area else "",
    }


def carried_stop(suppressions: Suppressions, session: Session, role: Role) -> str:
    """When that side said STOP to the number that the session leaves, for a script; "": never."""
    said_at = suppressions.said_at(session.party(role).phone_index, session.virtual_number)
    return "" if said_at is None else f"{said_at:.3f}"


def phones_met(sessions: Iterable[Session]) -> list[str]:
    """Indexes of all phones that are bound to these sessions, left ones too."""
    return list(dict.fromkeys(index for session in sessions for index in _indexes_of(session)))


def _indexes_of(session: Session) -> Iterable[str]:
    yield session.recruiter.phone_index
    yield session.candidate.phone_index
    for _, index in session.former:
        yield index
