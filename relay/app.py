"""The web application: ``gunicorn --config config/server.py 'relay.app:create_app()'``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIFlask
from flask import Request
from flask.json.provider import DefaultJSONProvider

from config.logging import configure_logging
from config.process_log import wrong_settings_end
from config.settings import load_settings
from relay import __version__
from relay.bootstrap import build_deployment
from relay.web.auth import remember_access
from relay.web.boards import boards
from relay.web.candidates import candidates
from relay.web.current import attach
from relay.web.docs import docs
from relay.web.health import health
from relay.web.interactions import interactions
from relay.web.jobs import jobs
from relay.web.lifecycle import LARGEST_BODY, count_errors_from_zero, register_lifecycle
from relay.web.messages import messages
from relay.web.metrics import metrics
from relay.web.numbers import numbers
from relay.web.openapi import configure_openapi
from relay.web.pools import pools
from relay.web.problems import register_problems
from relay.web.recruiters import recruiters
from relay.web.sessions import sessions
from relay.web.signed import MOST_FIELDS
from relay.web.status import status
from relay.web.voice import voice
from relay.workflows.deployment import Deployment
from relay.workflows.learn_numbers import learn_numbers

#: The end of a worker after which gunicorn stops, instead of starting the next one for ever.
_APP_LOAD_ERROR = 4


class ReadableJson(DefaultJSONProvider):
    """UTF-8 as it is: a phone hint's dots are for people to read."""

    ensure_ascii = False


class LimitedRequest(Request):
    """How large it may be is no setting, so it need not be looked up for each."""

    # One more, so that a body in chunks that is too large can be told from the largest.
    max_content_length = LARGEST_BODY + 1
    max_form_memory_size = LARGEST_BODY
    max_form_parts = MOST_FIELDS


class RelayApp(APIFlask):
    """Has no asynchronous views, so it need not look at each function to find out."""

    json_provider_class = ReadableJson
    request_class = LimitedRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(deployment: Deployment | None = None) -> APIFlask:
    """The application; without ``deployment``, with that of the environment's settings.

    Where those are not complete, says what is wrong with all of them and ends the process.
    """
    app = RelayApp(
        __name__,
        title="Relay",
        version=__version__,
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # Flask's way to have none
    )
    # A redirect would make the carrier repeat a POST as a GET, and drop its fields.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    attach(app, deployment or _deployment_of_environment())
    configure_openapi(app)
    register_problems(app)
    register_lifecycle(app)
    resources = (
        sessions,
        interactions,
        recruiters,
        candidates,
        pools,
        numbers,
        jobs,
        boards,
        status,
    )
    for blueprint in (*resources, health, metrics, docs):
        app.register_blueprint(blueprint)
    for webhooks in (voice, messages):
        # APIFlask asks this of every blueprint that looks at requests beforehand.
        vars(webhooks)["enable_openapi"] = False
        app.register_blueprint(webhooks)
    remember_access(app)
    count_errors_from_zero(app)
    return app


def _deployment_of_environment() -> Deployment:
    configure_logging()
    with wrong_settings_end(exit_code=_APP_LOAD_ERROR):
        settings = load_settings(for_web=True)
        configure_logging(settings.log_level)
        deployment = build_deployment(settings)
    learn_numbers(deployment)
    return deployment
