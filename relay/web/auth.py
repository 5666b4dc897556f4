"""Who may ask for what: each view declares it, and one that declares nothing answers nobody.

A request of the REST API shows a key (``Authorization: Bearer relay_<board>_…``) with the scope
that the view needs, and is that board's; one of the carrier's is signed (``web/signed.py``); a few
views are for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from hmac import compare_digest
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from limits import RateLimitItem, RateLimitItemPerMinute

from relay.domain.api_key import ApiKey, Scope
from relay.domain.errors import Forbidden, NotFound, RateLimited, Unauthenticated
from relay.store.api_keys import board_of
from relay.store.rate_limits import RateLimits
from relay.web.current import deployment, now, serve, web_deployment

View = TypeVar("View", bound=Callable[..., Any])

_ACCESS = "access"
_EXTENSION = "relay.access"
_OPENAPI_DOCUMENT = "openapi.spec"

#: Wrong keys from one address. Right ones pass whatever their neighbours do: behind a platform's
#: router everybody comes from the same few addresses.
WRONG_KEYS = RateLimitItemPerMinute(30)


class Keyless(Enum):
    """What a view declares that asks for no API key."""

    TO_THE_CARRIER = auto()
    TO_EVERYBODY = auto()
    #: To a key with the scope ``metrics``, or the token METRICS_TOKEN.
    TO_SCRAPERS = auto()


Access = Scope | Keyless


def needs(scope: Scope) -> Callable[[View], View]:
    """Declares that a view answers only keys with this scope."""
    return _declare(scope)


def signed(view: View) -> View:
    """Says that the view's blueprint asks for the carrier's signature (``web/signed.py``)."""
    return _declare(Keyless.TO_THE_CARRIER)(view)


def public(view: View) -> View:
    """Declares that a view answers everybody."""
    return _declare(Keyless.TO_EVERYBODY)(view)


def for_scrapers(view: View) -> View:
    """Declares that a view answers keys with the scope ``metrics`` and who shows METRICS_TOKEN. It
    tells of all boards: with several, a board's own key does not do."""
    return _declare(Keyless.TO_SCRAPERS)(view)


def _declare(access: Access) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, _ACCESS, access)
        return view

    return declare


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What is asked of those who call an endpoint; None when its view has declared nothing."""
    if endpoint == _OPENAPI_DOCUMENT:
        return Keyless.TO_EVERYBODY
    blueprint = endpoint.rpartition(".")[0]
    if any(_checks_signature(check) for check in app.before_request_funcs.get(blueprint, ())):
        return Keyless.TO_THE_CARRIER
    declared: Access | None = getattr(app.view_functions[endpoint], _ACCESS, None)
    # To say that a view is signed does not make it so: its blueprint has to check.
    return None if declared is Keyless.TO_THE_CARRIER else declared


def _checks_signature(check: Callable[..., Any]) -> bool:
    return check.__module__ == "relay.web.signed"


def remember_access(app: Flask) -> None:
    """Once, when all views are registered. Raises RuntimeError for one that declares nothing."""
    access = {endpoint: access_of(app, endpoint) for endpoint in app.view_functions}
    undeclared = sorted(endpoint for endpoint, who in access.items() if who is None)
    if undeclared:
        raise RuntimeError(f"who may call {', '.join(undeclared)}?")
    app.extensions[_EXTENSION] = access


def webhooks_of(app: Flask) -> list[str]:
    """The endpoints that the carrier may ask for."""
    access: dict[str, Access] = app.extensions[_EXTENSION]
    return [endpoint for endpoint, who in access.items() if who is Keyless.TO_THE_CARRIER]


def guard() -> None:
    """Before each request: lets it through, or raises Unauthenticated, Forbidden, RateLimited,
    Unavailable."""
    if request.endpoint is None:
        return  # nothing is at that address, and nobody is told more
    access = current_app.extensions[_EXTENSION][request.endpoint]
    if isinstance(access, Scope):
        g.api_key = _authenticate(access)
    elif access is Keyless.TO_SCRAPERS and not _shows_metrics_token():
        g.api_key = _authenticate(Scope.METRICS)
        if "board" in g and deployment().has_several_boards():
            raise Forbidden("The metrics of several boards need a deployment key.")


def _shows_metrics_token() -> bool:
    token = deployment().settings.metrics_token.get_secret_value()
    return bool(token) and compare_digest(_shown_token().encode(), token.encode())


def _shown_token() -> str:
    shown = request.authorization
    return shown.token or "" if shown is not None and shown.type == "bearer" else ""


def _authenticate(scope: Scope) -> ApiKey:
    now()  # a process whose clock is wrong serves nobody
    found = _find_key()
    if found is None:
        _count(web_deployment().rate_limits, WRONG_KEYS, "wrong-key", _address())
        raise Unauthenticated("Send a valid key as Authorization: Bearer relay_<board>_….")
    key, limits, per_minute = found
    _count(limits, RateLimitItemPerMinute(per_minute), "key", key.id)
    _check(key, scope)
    return key


def _check(key: ApiKey, scope: Scope) -> None:
    if not key.may(scope):
        raise Forbidden(f"The key lacks the scope {scope}.")


def _find_key() -> tuple[ApiKey, RateLimits, int] | None:
    """The key that is shown, where its requests are counted, and how many a minute it has. From
    then on the request is the key's board's."""
    text = _shown_token()
    name = board_of(text)
    if name is None:
        return None
    per_minute = deployment().settings.api_requests_per_minute
    if not name:
        key = deployment().api_keys.find(text)
        return (key, web_deployment().rate_limits, per_minute) if key else None
    try:
        services = deployment().of_board(name)
    except NotFound:
        return None
    key = services.store.api_keys.find(text)
    if key is None:
        return None
    limits = serve(services).rate_limits
    return key, limits, services.board.requests_per_minute or per_minute


def _address() -> str:
    return request.remote_addr or "unknown"


def _count(limits: RateLimits, limit: RateLimitItem, *who: str) -> None:
    wait = limits.hit(limit, *who)
    if wait is not None:
        raise RateLimited("Too many requests; wait before the next one.", retry_after=wait)
