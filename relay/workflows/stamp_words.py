"""The words that stand beside a text or are told in a call, as our clients gave them and as nobody
else has written them into Redis (P9): a session's context, and the code prefix of a text.

A context is kept with a stamp for its board and its pair. What is not ours is left out.
"""

from __future__ import annotations

from dataclasses import replace

from relay.domain.code_prefix import PARTS
from relay.domain.participant import Role
from relay.domain.session import Session
from relay.domain.texts import SendLease
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
    services: Services, session: Session, reader: Role | None, *, code: str, context: str
) -> tuple[str, str]:
    """Code and clear context of what is kept for the reader of a text about a session; both ""
    where that is no code of theirs."""
    if reader is not Role.RECRUITER or not services.store.sessions.is_code_of(session, code):
        distrust(services, Alarm.CODE, "no code of this recruiter", session=session.id)
        return "", ""
    return code, _read_context(services, session, context)


def with_our_words(services: Services, lease: SendLease) -> SendLease:
    """The lease with a code prefix that can be sent as it is. Raises Unavailable."""
    session = services.store.sessions.get(lease.session) if lease.code else None
    if session is None:
        return replace(lease, code="", context="")
    if lease.part not in PARTS:
        distrust(services, Alarm.WORDS, "no part of a text", message=lease.message)
        return replace(lease, code="", context="")
    code, context = code_prefix_of(
        services, session, lease.receiver, code=lease.code, context=lease.context
    )
    return replace(lease, code=code, context=context)


def _read_context(services: Services, session: Session, stamped: str) -> str:
    place = _place(services, session.recruiter.ref, session.candidate.ref)
    context = services.vault.signer.read(stamped, *place) if stamped else ""
    if context is None:
        distrust(services, Alarm.WORDS, "not the pair's context", session=session.id)
    return context or ""


def _place(services: Services, recruiter: str, candidate: str) -> tuple[str, ...]:
    return stamped_for(services.board.name, recruiter, candidate)
