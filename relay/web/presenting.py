"""The relay's records as the API shows them. No real number is among what they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from relay.carrier.codes import meaning_of
from relay.domain.erasure import Erasure
from relay.domain.errors import Unavailable
from relay.domain.forecast import Forecast, SessionCost
from relay.domain.guard import Guard
from relay.domain.interaction import Interaction
from relay.domain.opt_out import Suppression
from relay.domain.participant import Participant
from relay.domain.pool import Pool, VirtualNumber
from relay.domain.purchase import Purchase
from relay.domain.reputation import Traffic, Verdict
from relay.domain.session import Channel, ClosedReason, Session, SessionWarning
from relay.web.schemas.interactions import InteractionAnswer
from relay.web.schemas.jobs import JobAnswer, JobFailureAnswer
from relay.web.schemas.numbers import (
    CapabilitiesAnswer,
    NumberAnswer,
    ReputationAnswer,
    SmsTroubleAnswer,
)
from relay.web.schemas.participants import (
    CandidateAnswer,
    ErasureAnswer,
    RecruiterAnswer,
    SuppressionAnswer,
)
from relay.web.schemas.policies import as_answered
from relay.web.schemas.pools import (
    ForecastAnswer,
    GrowthAnswer,
    OneMoreAnswer,
    PoolAnswer,
    PoolFiguresAnswer,
    SessionCostAnswer,
)
from relay.web.schemas.sessions import SessionAnswer
from relay.workflows.forecast_pool import forecast_pool
from relay.workflows.judge_numbers import judge_numbers
from relay.workflows.list_sessions import status_at
from relay.workflows.open_seals import NOT_BELIEVED, is_ours
from relay.workflows.services import Services
from relay.workflows.stamp_guard import guard_of
from relay.workflows.stamp_words import context_of
from relay.workflows.warn_of_sessions import warnings_of


def present_sessions(
    services: Services, sessions: Sequence[Session], *, now: float
) -> list[SessionAnswer]:
    """All but open sessions of which the record is not to be believed, which must not hide the
    others. Raises Unavailable."""
    last = services.store.sessions.last_interactions_at(sessions) if sessions else {}
    return _sessions(services, sessions, last, now)


def present_session(services: Services, session: Session, *, now: float) -> SessionAnswer:
    """Raises Unavailable, also for an open session of which the record is not to be believed."""
    return _the_one(present_sessions(services, [session], now=now))


def present_new_session(services: Services, session: Session, *, now: float) -> SessionAnswer:
    """A session in which nobody has called or written yet. Raises Unavailable as
    ``present_session`` does."""
    return _the_one(_sessions(services, [session], {}, now))


def _the_one(answers: Sequence[SessionAnswer]) -> SessionAnswer:
    if not answers:
        raise Unavailable(NOT_BELIEVED)
    return answers[0]


def _sessions(
    services: Services, sessions: Sequence[Session], last: Mapping[str, int], now: float
) -> list[SessionAnswer]:
    sessions = [
        session for session in sessions if not session.is_live(now) or is_ours(services, session)
    ]
    suspended = services.store.suppressions.are_suspended(sessions)
    warnings = warnings_of(services, sessions, now=now)
    return [
        _session(
            session,
            context=context_of(services, session),
            last_interaction_at=last.get(session.id),
            sms_suspended=session.is_live(now) and is_suspended,
            warnings=warned_of,
            now=now,
        )
        for session, is_suspended, warned_of in zip(sessions, suspended, warnings, strict=True)
    ]


def _session(
    session: Session,
    *,
    context: str,
    last_interaction_at: int | None,
    sms_suspended: bool,
    warnings: list[SessionWarning],
    now: float,
) -> SessionAnswer:
    status = status_at(session, now)
    # An expired session that no worker has tidied yet is closed all the same (P3).
    has_expired = status is not session.status
    return SessionAnswer(
        id=session.id,
        status=status,
        virtual_number=session.virtual_number,
        access_code=session.access_code,
        code_needed=session.code_needed,
        dial=session.dial,
        recruiter=session.recruiter.ref,
        candidate=session.candidate.ref,
        pool=session.pool,
        channels=[channel for channel in Channel if channel in session.channels],
        context=context,
        created_at=session.created_at,
        expires_at=session.expires_at,
        closed_at=session.expires_at if has_expired else session.closed_at,
        closed_reason=ClosedReason.EXPIRED if has_expired else session.closed_reason,
        last_interaction_at=last_interaction_at,
        sms_suspended=sms_suspended,
        warnings=warnings,
    )


def present_recruiter(services: Services, person: Participant) -> RecruiterAnswer:
    return RecruiterAnswer(
        ref=person.ref,
        phone_hint=person.phone_hint,
        name=person.name,
        organization=person.organization,
        sms=person.sms,
        locale=person.locale,
        screen_calls=_guard(services, person).is_on,
        status=person.status,
        created_at=person.created_at,
        updated_at=person.updated_at,
    )


def present_candidate(services: Services, person: Participant) -> CandidateAnswer:
    guard = _guard(services, person)
    return CandidateAnswer(
        ref=person.ref,
        phone_hint=person.phone_hint,
        sms=person.sms,
        locale=person.locale,
        time_zone=person.time_zone,
        guard=guard.kind,
        guard_style=guard.style,
        status=person.status,
        created_at=person.created_at,
        updated_at=person.updated_at,
    )


def _guard(services: Services, person: Participant) -> Guard:
    return guard_of(services, person.stamped_guard, role=person.role, ref=person.ref)


def present_interaction(interaction: Interaction) -> InteractionAnswer:
    return InteractionAnswer(**asdict(interaction), outcome=_outcome_of(interaction))


def _outcome_of(interaction: Interaction) -> str:
    meaning = meaning_of(interaction.error_code) if interaction.error_code else ""
    return f"{interaction.outcome}: {meaning}" if meaning else interaction.outcome


def present_suppression(suppression: Suppression) -> SuppressionAnswer:
    offered_again_at = suppression.offered_again_at
    return SuppressionAnswer(
        virtual_number=suppression.virtual_number,
        messaging_service=suppression.messaging_service,
        said_at=int(suppression.said_at),
        offered_again_at=None if offered_again_at is None else int(offered_again_at),
    )


def present_erasure(erasure: Erasure) -> ErasureAnswer:
    return ErasureAnswer(status=erasure.status, erased_at=erasure.moment // 1000)


def present_job(job: Purchase) -> JobAnswer:
    return JobAnswer(
        id=job.id,
        status=job.status,
        pool=job.pool,
        kind=job.kind,
        country=job.country,
        area_code=job.area_code,
        wanted=job.wanted,
        bought=list(job.bought),
        failures=[JobFailureAnswer(code=f.code, detail=f.detail) for f in job.failures],
        created_at=job.created_at,
        ended_at=job.ended_at,
    )


def present_pool(services: Services, pool: Pool, *, now: float) -> PoolAnswer:
    """Raises Unavailable."""
    outlook = forecast_pool(services, pool, now=now)
    figures = outlook.figures
    return PoolAnswer(
        name=pool.name,
        **as_answered(pool),
        figures=PoolFiguresAnswer(
            numbers=figures.numbers,
            open_sessions=figures.open_sessions,
            cooling_bindings=figures.cooling_bindings,
            bound=figures.bound,
            candidate_bound=figures.candidate_bound,
            usable=figures.usable,
            free_for_new_pairs=figures.free_for_new_pairs,
            headroom=figures.headroom,
        ),
        forecast=_forecast(outlook.forecast),
    )


def _forecast(expected: Forecast) -> ForecastAnswer:
    growth, one_more = expected.growth, expected.one_more
    monthly_traffic = expected.monthly_traffic
    return ForecastAnswer(
        deciding_bound=expected.deciding_bound,
        numbers=expected.numbers,
        headroom=expected.headroom,
        growth=GrowthAnswer(**{**asdict(growth), "per_day": round(growth.per_day, 3)})
        if growth
        else None,
        days_to_exhaustion=_rounded(expected.days_to_exhaustion, 1),
        monthly_rent=expected.monthly_rent / 100,
        monthly_traffic=None if monthly_traffic is None else float(round(monthly_traffic, 2)),
        session_cost=_session_cost(expected.session_cost),
        codes_share=_rounded(expected.codes_share, 4),
        one_more=OneMoreAnswer(
            headroom=one_more.headroom,
            days_to_exhaustion=_rounded(one_more.days_to_exhaustion, 1),
            monthly_rent=one_more.monthly_rent / 100,
            recruiters_freed=one_more.recruiters_freed,
            sessions_freed=one_more.sessions_freed,
        ),
    )


def _session_cost(cost: SessionCost | None) -> SessionCostAnswer | None:
    if cost is None:
        return None
    return SessionCostAnswer(
        sessions=cost.sessions,
        since=cost.since,
        rent=float(round(cost.rent, 4)),
        traffic=float(round(cost.traffic, 4)),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def present_number(services: Services, number: VirtualNumber, *, now: float) -> NumberAnswer:
    """Raises Unavailable."""
    return present_numbers(services, [number], now=now)[0]


def present_numbers(
    services: Services, numbers: Sequence[VirtualNumber], *, now: float
) -> list[NumberAnswer]:
    """Raises Unavailable."""
    judged = judge_numbers(services, numbers, now=now)
    return [
        _number(number, traffic, verdict)
        for number, (traffic, verdict) in zip(numbers, judged, strict=True)
    ]


def _sms_trouble(number: VirtualNumber) -> SmsTroubleAnswer | None:
    trouble = number.sms_trouble
    if trouble is None:
        return None
    reason = number.registration.sentence if trouble.code is None else meaning_of(trouble.code)
    return SmsTroubleAnswer(code=trouble.code, since=trouble.since, reason=reason)


def _number(number: VirtualNumber, traffic: Traffic, verdict: Verdict) -> NumberAnswer:
    return NumberAnswer(
        phone_number=number.number,
        pool=number.pool,
        status=number.status,
        capabilities=CapabilitiesAnswer(voice=number.voice, sms=number.sms, mms=number.mms),
        sms_ready=number.is_sms_ready,
        sms_trouble=_sms_trouble(number),
        registration=number.registration,
        messaging_service=number.service or None,
        imported_at=number.imported_at,
        reputation=ReputationAnswer(
            condition=verdict.condition,
            complaints=list(verdict.complaints),
            resting_since=number.resting_since,
            resting_for=list(number.complaints),
            answer_rate=_rounded(traffic.answer_rate, 4),
            short_share=_rounded(traffic.short_share, 4),
            filtered_share=_rounded(traffic.filtered_share, 4),
            calls_per_minute=traffic.busiest_minute,
            calls_per_day=traffic.calls,
            ended_calls=traffic.ended,
            answered_calls=traffic.answered,
            short_calls=traffic.short,
            texts=traffic.texts,
            filtered_texts=traffic.filtered,
        ),
    )
