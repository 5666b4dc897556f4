"""Who may ask for what: each view declares it, and one that declares nothing answers nobody.

A request of the REST API shows a key (``Authorization: Bearer relay_…``) with the scope that the
view needs; one of the carrier's is signed (``web/signed.py``); a few views are for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from limits import RateLimitItem, RateLimitItemPerMinute

from relay.domain.api_key import ApiKey, Scope
from relay.domain.errors import Forbidden, RateLimited, Unauthenticated
from relay.web.current import now, services, web_services

View = TypeVar("View", bound=Callable[..., Any])

_ACCESS = "access"
_EXTENSION = "relay.access"
_OPENAPI_DOCUMENT = "openapi.spec"

#: Wrong keys from one address. Right ones pass whatever their neighbours do: behind a platform's
#: router everybody comes from the same few addresses.
WRONG_KEYS = RateLimitItemPerMinute(30)


class Open(Enum):
    """What a view declares that asks for no API key."""

    TO_THE_CARRIER = auto()
    TO_EVERYBODY = auto()


Access = Scope | Open


def needs(scope: Scope) -> Callable[[View], View]:
    """Declares that a view answers only keys with this scope."""
    return _declare(scope)


def signed(view: View) -> View:
    """Says that the view's blueprint asks for the carrier's signature (``web/signed.py``)."""
    return _declare(Open.TO_THE_CARRIER)(view)


def public(view: View) -> View:
    """Declares that a view answers everybody."""
    return _declare(Open.TO_EVERYBODY)(view)


def _declare(access: Access) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, _ACCESS, access)
        return view

    return declare


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What is asked of those who call an endpoint; None when its view has declared nothing."""
    if endpoint == _OPENAPI_DOCUMENT:
        return Open.TO_EVERYBODY
    blueprint = endpoint.rpartition(".")[0]
    if any(_checks_signature(check) for check in app.before_request_funcs.get(blueprint, ())):
        return Open.TO_THE_CARRIER
    declared: Access | None = getattr(app.view_functions[endpoint], _ACCESS, None)
    # To say that a view is signed does not make it so: its blueprint has to check.
    return None if declared is Open.TO_THE_CARRIER else declared


def _checks_signature(check: Callable[..., Any]) -> bool:
    return check.__module__ == "relay.web.signed"


def remember_access(app: Flask) -> None:
    """Once, when all views are registered. Raises RuntimeError for one that declares nothing."""
    access = {endpoint: access_of(app, endpoint) for endpoint in app.view_functions}
    undeclared = sorted(endpoint for endpoint, who in access.items() if who is None)
    if undeclared:
        raise RuntimeError(f"who may call {', '.join(undeclared)}?")
    app.extensions[_EXTENSION] = access


def guard() -> None:
    """Before each request: lets it through, or raises Unauthenticated, Forbidden, RateLimited,
    Unavailable."""
    if request.endpoint is None:
        return  # nothing is at that address, and nobody is told more
    access = current_app.extensions[_EXTENSION][request.endpoint]
    if isinstance(access, Scope):
        g.api_key = _authenticate(access)


def _authenticate(scope: Scope) -> ApiKey:
    now()  # a process whose clock is wrong serves nobody
    shown = request.authorization
    key = web_services().api_keys.find(shown.token or "") if _is_bearer() and shown else None
    if key is None:
        _count(WRONG_KEYS, "wrong-key", request.remote_addr or "unknown")
        raise Unauthenticated("Send a valid key as Authorization: Bearer relay_….")
    _count(_per_key(), "key", key.id)
    if not key.may(scope):
        raise Forbidden(f"The key lacks the scope {scope}.")
    return key


def _is_bearer() -> bool:
    return request.authorization is not None and request.authorization.type == "bearer"


def _per_key() -> RateLimitItem:
    return RateLimitItemPerMinute(services().settings.api_requests_per_minute)


def _count(limit: RateLimitItem, *who: str) -> None:
    wait = web_services().rate_limits.hit(limit, *who)
    if wait is not None:
        raise RateLimited("Too many requests; wait before the next one.", retry_after=wait)
