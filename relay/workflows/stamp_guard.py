"""How a person's leg is guarded, as our clients said and as nobody else has written it into Redis.

Whoever could switch a candidate's guard off there would have a private voicemail reach a recruiter,
or a recruiter named to whoever answers. So what differs from the default is kept with a stamp for
its owner, and what is not ours is the default (P9). What they once chose can be put back, and a
recruiter's guard, which is not the default, be removed.
"""

from __future__ import annotations

from relay.domain.guard import Guard, parse_guard
from relay.domain.participant import Role
from relay.domain.session import Session
from relay.store.alarms import Alarm
from relay.store.records import guarded_for
from relay.workflows.distrust import distrust
from relay.workflows.services import Services


def stamp_guard(services: Services, guard: Guard, *, role: Role, ref: str) -> str:
    """The guard as it is kept for this person; the default needs no stamp."""
    if guard == role.default_guard:
        return ""
    return services.vault.signer.stamp(str(guard), *_place(services, role, ref))


def guard_of(services: Services, stamped: str, *, role: Role, ref: str) -> Guard:
    """Reads a stored guard; the role's default where its stamp is not ours."""
    if not stamped:
        return role.default_guard
    text = services.vault.signer.read(stamped, *_place(services, role, ref))
    if text is None:
        distrust(services, Alarm.GUARD, "not this person's guard", role=role, ref=ref)
        return role.default_guard
    return parse_guard(text)


def guard_of_side(services: Services, session: Session, side: Role) -> Guard:
    """The guard of one side of a session."""
    party = session.party(side)
    return guard_of(services, party.stamped_guard, role=side, ref=party.ref)


def _place(services: Services, role: Role, ref: str) -> tuple[str, ...]:
    return guarded_for(services.board.name, role, ref)
