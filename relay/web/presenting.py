"""The relay's records as the API shows them. No real number is among what they are made of."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.interaction import Interaction
from relay.domain.participant import Participant
from relay.domain.pool import Pool, VirtualNumber
from relay.domain.session import Channel, ClosedReason, Session
from relay.web.schemas.interactions import InteractionAnswer
from relay.web.schemas.numbers import CapabilitiesAnswer, NumberAnswer
from relay.web.schemas.participants import CandidateAnswer, RecruiterAnswer
from relay.web.schemas.pools import PoolAnswer, PoolFiguresAnswer
from relay.web.schemas.sessions import SessionAnswer
from relay.workflows.list_sessions import status_at
from relay.workflows.services import Services


def present_sessions(
    services: Services, sessions: Sequence[Session], *, now: float
) -> list[SessionAnswer]:
    """Raises Unavailable."""
    last = services.store.sessions.last_interactions_at(sessions) if sessions else {}
    stopped = services.store.suppressions.are_stopped(
        [
            ((session.recruiter.phone_index, session.candidate.phone_index), session.virtual_number)
            for session in sessions
        ]
    )
    return [
        _session(
            session,
            last_interaction_at=last.get(session.id),
            sms_suspended=session.is_live(now) and is_stopped,
            now=now,
        )
        for session, is_stopped in zip(sessions, stopped, strict=True)
    ]


def present_session(services: Services, session: Session, *, now: float) -> SessionAnswer:
    """Raises Unavailable."""
    return present_sessions(services, [session], now=now)[0]


def _session(
    session: Session, *, last_interaction_at: int | None, sms_suspended: bool, now: float
) -> SessionAnswer:
    status = status_at(session, now)
    # An expired session that no worker has tidied yet is closed all the same (P3).
    has_expired = status is not session.status
    return SessionAnswer(
        id=session.id,
        status=status,
        virtual_number=session.virtual_number,
        access_code=session.access_code,
        code_needed=False,  # until recruiters share numbers, each is on a number once
        dial=f"tel:{session.virtual_number}",
        recruiter=session.recruiter.ref,
        candidate=session.candidate.ref,
        pool=session.pool,
        channels=[channel for channel in Channel if channel in session.channels],
        context=session.context,
        created_at=session.created_at,
        expires_at=session.expires_at,
        closed_at=session.expires_at if has_expired else session.closed_at,
        closed_reason=ClosedReason.EXPIRED if has_expired else session.closed_reason,
        last_interaction_at=last_interaction_at,
        sms_suspended=sms_suspended,
    )


def present_recruiter(person: Participant) -> RecruiterAnswer:
    return RecruiterAnswer(
        ref=person.ref,
        phone_hint=person.phone_hint,
        name=person.name,
        organization=person.organization,
        locale=person.locale,
        screen_calls=person.screen_calls,
        status=person.status,
        created_at=person.created_at,
        updated_at=person.updated_at,
    )


def present_candidate(person: Participant) -> CandidateAnswer:
    return CandidateAnswer(
        ref=person.ref,
        phone_hint=person.phone_hint,
        locale=person.locale,
        time_zone=person.time_zone,
        status=person.status,
        created_at=person.created_at,
        updated_at=person.updated_at,
    )


def present_interaction(interaction: Interaction) -> InteractionAnswer:
    return InteractionAnswer(
        id=interaction.id,
        kind=interaction.kind,
        direction=interaction.direction,
        status=interaction.status,
        started_at=interaction.started_at,
        duration=interaction.duration,
        segments=interaction.segments,
        media=interaction.media,
        error_code=interaction.error_code,
        attestation=interaction.attestation,
    )


def present_pool(services: Services, pool: Pool) -> PoolAnswer:
    """Raises Unavailable."""
    figures = services.store.pools.figures(pool.name)
    return PoolAnswer(
        name=pool.name,
        country=pool.country,
        default_ttl=pool.default_ttl,
        max_ttl=pool.max_ttl,
        candidate_cooldown=pool.candidate_cooldown,
        recruiter_cooldown=pool.recruiter_cooldown,
        access_codes=pool.access_codes,
        allowed_countries=list(pool.allowed_countries),
        figures=PoolFiguresAnswer(
            numbers=figures.numbers,
            open_sessions=figures.open_sessions,
            cooling_bindings=figures.cooling_bindings,
            bound=figures.bound,
            headroom=figures.headroom,
        ),
    )


def present_number(number: VirtualNumber) -> NumberAnswer:
    return NumberAnswer(
        phone_number=number.number,
        pool=number.pool,
        status=number.status,
        capabilities=CapabilitiesAnswer(voice=number.voice, sms=number.sms, mms=number.mms),
        imported_at=number.imported_at,
    )
