"""``/v1/sessions``: pairs and their virtual numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from apiflask import APIBlueprint
from flask import request
from pydantic import TypeAdapter
from pydantic_core import from_json

from relay.domain.api_key import Scope
from relay.domain.errors import Forbidden, NotFound
from relay.domain.participant import CandidateDetails, RecruiterDetails, Role
from relay.store.interactions import Place
from relay.web.auth import needs
from relay.web.current import client, now, services
from relay.web.cursors import Cursors
from relay.web.ids import check_form
from relay.web.participants import candidate_details, recruiter_details
from relay.web.presenting import (
    present_interaction,
    present_new_session,
    present_session,
    present_sessions,
)
from relay.web.schemas.base import Page
from relay.web.schemas.interactions import InteractionList
from relay.web.schemas.participants import CandidateGiven, RecruiterGiven
from relay.web.schemas.sessions import (
    SessionAnswer,
    SessionBody,
    SessionChange,
    SessionList,
    SessionQuery,
)
from relay.workflows.amend_session import Amendment, amend_session
from relay.workflows.close_session import close_session
from relay.workflows.draw_up_side import SessionRequest, Someone
from relay.workflows.list_interactions import list_session_interactions
from relay.workflows.list_sessions import After, Scan, SessionFilter, list_sessions
from relay.workflows.open_session import open_session

sessions = APIBlueprint("sessions", __name__, url_prefix="/v1/sessions")

_places = Cursors("sessions", TypeAdapter[After | Scan](After | Scan))
_interactions = Cursors("session's interactions", TypeAdapter(Place))

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


def _refs_alone_without_scope(view: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """Refuses an object in a person's place to a key that may put nobody on record; before its form
    is looked at, so that every phone gets the same answer. Raises Forbidden."""

    @wraps(view)
    def check_first(*args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
        if not client().may(Scope.PARTICIPANTS) and _gives_somebody(request.get_data()):
            raise Forbidden("A phone in the body needs the scope participants; name the ref alone.")
        return view(*args, **kwargs)

    return check_first


def _gives_somebody(body: bytes) -> bool:
    try:
        given = from_json(body)
    except ValueError:
        return False
    return isinstance(given, dict) and any(isinstance(given.get(role), dict) for role in Role)


@sessions.post("")
@needs(Scope.SESSIONS)
@_refs_alone_without_scope
@sessions.input(SessionBody)
@sessions.output(SessionAnswer, 201, description="A new session")
@sessions.doc(
    operation_id="create_session", responses={200: "The session that the pair already has"}
)
def post(json_data: SessionBody) -> tuple[SessionAnswer, int, dict[str, str]]:
    """Give a pair its virtual number

    A pair that has an open session gets that one back: what the request names of `channels`,
    `context` and `ttl` changes, what it leaves out stays, and the expiry only ever moves later.
    People who are given come on record with the session: a request that is refused leaves none.

    Where no number is left on which the recruiter has nobody, they share one with themselves:
    `code_needed` is then true for each of their sessions there, those opened before too, so show
    `dial` as it is when the recruiter looks. Who names a phone needs the scope `participants` too:
    the other keys name refs alone.
    """
    moment, wanted = now(), _request(json_data)
    opened = open_session(services(), wanted, client_id=client().id, now=moment)
    present = present_new_session if opened.is_new else present_session
    answer = present(services(), opened.session, now=moment)
    return answer, 201 if opened.is_new else 200, {"Location": f"/v1/sessions/{answer.id}"}


def _request(body: SessionBody) -> SessionRequest:
    return SessionRequest(
        recruiter=_someone(body.recruiter),
        candidate=_someone(body.candidate),
        pool=body.pool,
        ttl=body.ttl,
        channels=None if body.channels is None else frozenset(body.channels),
        context=body.context,
    )


def _someone(given: str | RecruiterGiven | CandidateGiven) -> Someone:
    if isinstance(given, str):
        return Someone(ref=given)
    details: RecruiterDetails | CandidateDetails
    take_over = False
    if isinstance(given, RecruiterGiven):
        details = recruiter_details(given)
    else:
        details, take_over = candidate_details(given), given.take_over
    return Someone(ref=given.ref, details=details, take_over=take_over, renumber=given.renumber)


@sessions.get("")
@needs(Scope.SESSIONS)
@sessions.input(SessionQuery, location="query")
@sessions.output(SessionList)
@sessions.doc(operation_id="list_sessions")
def index(query_data: SessionQuery) -> SessionList:
    """List sessions

    Of a person the latest first; without one in no order, and a page may be short or even empty
    as long as there is a `next_cursor`.
    """
    moment = now()
    page = list_sessions(
        services(),
        SessionFilter(
            recruiter=query_data.recruiter,
            candidate=query_data.candidate,
            status=query_data.status,
            virtual_number=_with_plus(query_data.virtual_number),
        ),
        start=_places.read(query_data.cursor),
        limit=query_data.limit,
        now=moment,
    )
    return SessionList(
        data=present_sessions(services(), page.sessions, now=moment),
        next_cursor=_places.write(page.go_on),
    )


def _with_plus(number: str | None) -> str | None:
    """A ``+`` that nobody escaped in a query has come as a blank."""
    return f"+{number[1:]}" if number and number.startswith(" ") else number


@sessions.get("/<session_id>")
@needs(Scope.SESSIONS)
@sessions.output(SessionAnswer)
@sessions.doc(operation_id="get_session")
def get(session_id: str) -> SessionAnswer:
    """Read a session"""
    session = services().store.sessions.get(check_form(session_id))
    if session is None:
        raise NotFound("No session has this id.")
    return present_session(services(), session, now=now())


@sessions.patch("/<session_id>")
@needs(Scope.SESSIONS)
@sessions.input(SessionChange)
@sessions.output(SessionAnswer)
@sessions.doc(operation_id="update_session")
def patch(session_id: str, json_data: SessionChange) -> SessionAnswer:
    """Change a session's expiry, channels or context

    Unlike a repeated `POST`, this may also bring the expiry forward.
    """
    moment = now()
    channels = json_data.channels
    amendment = Amendment(
        expires_at=json_data.expires_at.timestamp() if json_data.expires_at else None,
        ttl=json_data.ttl,
        channels=frozenset(channels) if channels is not None else None,
        context=json_data.context,
    )
    session = amend_session(
        services(), check_form(session_id), amendment, client_id=client().id, now=moment
    )
    return present_session(services(), session, now=moment)


@sessions.delete("/<session_id>")
@needs(Scope.SESSIONS)
@sessions.output(SessionAnswer)
@sessions.doc(operation_id="close_session")
def delete(session_id: str) -> SessionAnswer:
    """Close a session

    Nobody gets through any more from now on; the number stays reserved for the pair's cooldown.
    """
    moment = now()
    session = close_session(services(), check_form(session_id), now=moment)
    return present_session(services(), session, now=moment)


@sessions.get("/<session_id>/interactions")
@needs(Scope.SESSIONS)
@sessions.input(Page, location="query")
@sessions.output(InteractionList)
@sessions.doc(operation_id="list_session_interactions")
def interactions(session_id: str, query_data: Page) -> InteractionList:
    """List a session's calls and messages, the latest first; never what was said or written"""
    page = list_session_interactions(
        services(),
        check_form(session_id),
        before=_interactions.read(query_data.cursor),
        limit=query_data.limit,
    )
    return InteractionList(
        data=[present_interaction(interaction) for interaction in page.interactions],
        next_cursor=_interactions.write(page.last),
    )
