"""Every ``code`` that a problem of the REST API can have, for people: status, code, when."""

from __future__ import annotations

from typing import NamedTuple


class ProblemCode(NamedTuple):
    status: int
    code: str
    when: str


PROBLEM_CODES = (
    ProblemCode(400, "bad_request", "The body is not JSON that can be read."),
    ProblemCode(401, "unauthenticated", "The request shows no valid API key."),
    ProblemCode(403, "forbidden", "The key lacks a scope; `detail` says which."),
    ProblemCode(404, "not_found", "Nothing is at this address, or nothing any more."),
    ProblemCode(405, "method_not_allowed", "`Allow` says which methods the address has."),
    ProblemCode(409, "request_in_progress", "Retry: the first request with this key still runs."),
    ProblemCode(409, "being_changed", "Retry: others change the same things right now."),
    ProblemCode(409, "phone_taken", "The phone is in use; `take_over` or `renumber` may help."),
    ProblemCode(409, "phone_unreadable", "The phone on record is damaged: `PUT` the person again."),
    ProblemCode(409, "without_phone", "The candidate's phone was taken over: `PUT` another one."),
    ProblemCode(409, "pair_in_another_pool", "The pair has the session in `sessions` elsewhere."),
    ProblemCode(409, "channel_not_carried", "The session's number cannot carry these channels."),
    ProblemCode(409, "pool_exhausted", "No number is left for this pair; `reason` says why."),
    ProblemCode(409, "session_closed", "The session has ended and cannot be changed."),
    ProblemCode(409, "number_in_use", "Sessions on the number are open or cooling: drain it."),
    ProblemCode(
        409, "number_in_another_pool", "The number is in another pool, or another board's."
    ),
    ProblemCode(409, "number_leaving", "The number is being given back to the carrier."),
    ProblemCode(409, "texts_would_be_lost", "A messaging service would lose the number's texts."),
    ProblemCode(409, "services_full", "No messaging service has room for another US number."),
    ProblemCode(409, "registration_needed", "The number must be registered for texts before."),
    ProblemCode(409, "pool_limit", "A limit of the pool leaves no room; `reason` says which."),
    ProblemCode(409, "pool_in_use", "The pool has numbers, or sessions open or cooling."),
    ProblemCode(409, "board_of_settings", "The board `main` is made of the environment."),
    ProblemCode(413, "too_large", "The body is larger than 64 KiB."),
    ProblemCode(415, "unsupported_media_type", "The body must be `application/json`."),
    ProblemCode(422, "invalid", "Some values are not allowed; `errors` says which and why."),
    ProblemCode(422, "idempotency_key_reused", "The key was used before, with another body."),
    ProblemCode(422, "not_owned", "The carrier's account does not own the number."),
    ProblemCode(422, "pool_required", "The candidate's country has no pool, or several."),
    ProblemCode(429, "rate_limited", "Too many requests; wait for `Retry-After` seconds."),
    ProblemCode(500, "internal", "A mistake of the service's own."),
    ProblemCode(503, "unavailable", "The store or the carrier is away; wait for `Retry-After`."),
)
