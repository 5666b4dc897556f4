"""A call on a virtual number: decide whom it is for, and put it on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

import structlog

from relay.carrier.webhooks import InboundCall
from relay.domain.errors import NotFound
from relay.domain.guard import LONGEST_GUARD
from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber, is_withheld
from relay.domain.routing import (
    AskAccessCode,
    Bridge,
    CallDecision,
    Decline,
    Refusal,
    Reject,
    Route,
    RouteState,
    decide,
)
from relay.domain.session import Session, pool_of
from relay.metrics import CALLS
from relay.store.calls import CallLimits, IncomingCall, call_id
from relay.vault import Unreadable
from relay.workflows.open_seals import reach, reach_by_code
from relay.workflows.services import Services
from relay.workflows.stamp_guard import guard_of

log = structlog.get_logger()

#: Seconds in which a repeated webhook gets the same Dial. Twilio's requests of a call end after 15
#: seconds, with all their repetitions (TW-overrides).
REPEATABLE = 20
#: Twilio rings about five seconds longer than it is told; the rest covers late callbacks.
LEASE_MARGIN = 65


@dataclass(frozen=True, kw_only=True)
class AnsweredCall:
    """``id`` names the call in the URLs of its later webhooks; empty when nothing is on record."""

    id: str
    decision: CallDecision


def connect_call(services: Services, call: InboundCall, *, now: float) -> AnsweredCall:
    """Decides on an inbound call in one round trip to the store.

    A withheld caller is nobody: never looked up, but a code lets them in. Raises Unavailable, and
    NumberMoved when the number is another board's by now.
    """
    pool, route = _find(services, call, now)
    return _answer(
        services,
        call,
        pool,
        route,
        lambda session, caller: reach(services, session, caller, route.seals, shown=call.caller),
        now=now,
    )


def take_code(
    services: Services, call_name: str, call: InboundCall, *, code: str, attempt: str, now: float
) -> AnsweredCall:
    """Decides on a call whose caller has entered an access code, the ``attempt``-th of the call.
    Raises Unavailable, NotFound for a call or an attempt that we have not named."""
    try:
        pool, nth = pool_of(call_name), int(attempt)
    except ValueError:
        raise NotFound("No call has this id.") from None
    if not services.store.numbers.is_in(call.called, pool):
        # It may be a person's: no such number goes to the store (P2).
        route = Route(state=RouteState.UNKNOWN_NUMBER)
    else:
        route = services.store.calls.enter_code(
            pool,
            _incoming(services, call),
            code=code,
            attempt=nth,
            limits=_limits(services),
            now=now,
        )
    return _answer(
        services,
        call,
        pool,
        route,
        lambda session, caller: reach_by_code(services, session, caller, route.seals, code=code),
        now=now,
        attempts=nth,
    )


def _answer(
    services: Services,
    call: InboundCall,
    pool: str,
    route: Route,
    reach_counterpart: Callable[[Session, Role], PhoneNumber],
    *,
    now: float,
    attempts: int = 0,
) -> AnsweredCall:
    decision: CallDecision
    try:
        decision = decide(
            route,
            reach=reach_counterpart,
            guard=lambda session, side: guard_of(
                services, route.stamped_guard, role=side, ref=session.party(side).ref
            ),
            attestation=call.attestation,
            is_withheld=is_withheld(call.caller) and attempts == 0,
            attempts=attempts,
        )
    except Unreadable:
        services.store.calls.refuse(pool, _incoming(services, call), now=now)
        decision = Decline(refusal=Refusal.TRY_LATER, locale=route.locale)
    answered = AnsweredCall(id=call_id(pool, call.call_sid), decision=decision)
    _tell_ops(answered, route, call)
    return answered


def _find(services: Services, call: InboundCall, now: float) -> tuple[str, Route]:
    """The pool of the called number, "" for none, and whom the call is for."""
    pool = services.store.numbers.find_pool(call.called)
    route = _route(services, call, pool, now)
    if route.state is RouteState.UNKNOWN_NUMBER:
        # The number may have come or moved since this process read its map: read it again, once.
        pool = services.store.numbers.look_again(call.called)
        route = _route(services, call, pool, now)
    return pool or "", route


def _route(services: Services, call: InboundCall, pool: str | None, now: float) -> Route:
    if pool is None:
        return Route(state=RouteState.UNKNOWN_NUMBER)
    return services.store.calls.route(
        pool, _incoming(services, call), limits=_limits(services), now=now
    )


def _incoming(services: Services, call: InboundCall) -> IncomingCall:
    withheld = is_withheld(call.caller)
    return IncomingCall(
        sid=call.call_sid,
        virtual_number=call.called,
        caller_indexes=() if withheld else services.vault.indexes_of(call.caller),
        attestation=call.attestation,
        marks=services.vault.marks_of(call.call_sid),
    )


def _limits(services: Services) -> CallLimits:
    settings = services.settings
    return CallLimits(
        lease=settings.ring_timeout + LONGEST_GUARD + settings.call_time_limit + LEASE_MARGIN,
        repeatable=REPEATABLE,
        retention=settings.record_retention,
    )


def _tell_ops(answered: AnsweredCall, route: Route, call: InboundCall) -> None:
    match answered.decision:
        case Bridge(session=session, caller=caller):
            CALLS.labels("bridge").inc()
            log.info("call bridged", call=answered.id, session=session.id, caller=caller)
        case AskAccessCode(question=question, attempt=attempt):
            CALLS.labels(question).inc()
            log.info("access code asked", call=call.call_sid, question=question, attempt=attempt)
        case Decline(refusal=refusal):
            CALLS.labels(refusal).inc()
            log.info(
                "call declined",
                call=call.call_sid,
                session=route.session.id if route.session else "",
                refusal=refusal,
                limit=route.limit,
            )
        case Reject():
            CALLS.labels("rejected").inc()
            log.info("call of a silent stranger rejected", call=call.call_sid)
        case _:
            assert_never(answered.decision)
