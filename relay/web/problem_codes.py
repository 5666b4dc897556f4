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
    ProblemCode(409, "conflict", "Conflicts with existing data; `detail` says with what."),
    ProblemCode(409, "phone_taken", "The phone is in use; `take_over` or `renumber` may help."),
    ProblemCode(409, "pool_exhausted", "No number is left for this pair; `reason` says why."),
    ProblemCode(409, "session_closed", "The session has ended and cannot be changed."),
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
