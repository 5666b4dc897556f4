"""The words that stand beside a text or are told in a call, as our clients gave them and as nobody
else has written them into Redis (P9): a session's context, and the code prefix of a text.

A context is kept with a stamp for its board and its pair. What is not ours is left out.
"""

from __future__ import annotations

from relay.domain.code_prefix import NO_PREFIX, PARTS, CodePrefix
from relay.domain.participant import Role
from relay.domain.session import Session, SessionStatus
from relay.domain.texts import Acceptance, SendLease
from relay.store.alarms import Alarm
from relay.store.records import stamped_for
from relay.workflows.distrust import distrust
from relay.workflows.services import Services


def stamp_context(services: Services, context: str, *, recruiter: str, candidate: str) -> str:
    """The context as it is kept, for the pair of these refs; none needs no stamp."""
    if not context:
        return ""
    place = _place(services, recruiter, candidate)
    return services.vault.signer.stamp(context, *place)


def context_of(services: Services, session: Session) -> str:
    """What a session is about; "" where that is not our words."""
    return _read_context(services, session, session.stamped_context)


def code_prefix_of(
    services: Services,
    session: Session,
    reader: Role | None,
    *,
    code: str,
    stamped_context: str,
    part: str = "",
) -> CodePrefix:
    """What stands before a text about a session; nothing where what is kept is no code prefix that
    this reader may have."""
    if reader is not Role.RECRUITER or not services.store.sessions.is_code_of(session, code):
        distrust(services, Alarm.CODE, "no code of this recruiter", session=session.id)
        return NO_PREFIX
    if part not in PARTS:
        distrust(services, Alarm.WORDS, "no part of a text", session=session.id)
        return NO_PREFIX
    return CodePrefix(code, _read_context(services, session, stamped_context), part)


def kept_code_prefix(
    services: Services, kept: SendLease | Acceptance, reader: Role | None, *, part: str = ""
) -> CodePrefix:
    """What stands before a text, by what is kept of it. Raises Unavailable."""
    session = services.store.sessions.get(kept.session) if kept.code else None
    if session is None:
        return NO_PREFIX
    return code_prefix_of(
        services,
        session,
        reader,
        code=kept.code,
        stamped_context=kept.stamped_context,
        part=part,
    )


def _read_context(services: Services, session: Session, stamped: str) -> str:
    place = _place(services, session.recruiter.ref, session.candidate.ref)
    context = services.vault.signer.read(stamped, *place) if stamped else ""
    # That of a session that has ended may be under a key that has gone.
    if context is None and session.status is SessionStatus.OPEN:
        distrust(services, Alarm.WORDS, "not the pair's context", session=session.id)
    return context or ""


def _place(services: Services, recruiter: str, candidate: str) -> tuple[str, ...]:
    return stamped_for(services.board.name, recruiter, candidate)
