"""``/v1/recruiters`` and ``/v1/candidates``: the people on both sides."""

from __future__ import annotations

from typing import Any, TypeAlias

from apiflask import APIBlueprint
from flask import Response
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.domain.erasure import ErasureStatus
from relay.domain.errors import NotFound
from relay.domain.participant import CandidateDetails, Participant, RecruiterDetails, Role
from relay.web.auth import needs
from relay.web.current import client, now, services
from relay.web.cursors import Cursors
from relay.web.ids import check_form
from relay.web.presenting import (
    present_candidate,
    present_erasure,
    present_recruiter,
    present_suppression,
)
from relay.web.schemas.base import Page
from relay.web.schemas.participants import (
    CandidateAnswer,
    CandidateBody,
    ErasureAnswer,
    RecruiterAnswer,
    RecruiterBody,
    SuppressionList,
)
from relay.workflows.erase_participant import erase_participant, find_erasure
from relay.workflows.list_suppressions import lift_suppression, list_suppressions
from relay.workflows.register_participant import register_candidate, register_recruiter

recruiters = APIBlueprint("recruiters", __name__, url_prefix="/v1/recruiters")
candidates = APIBlueprint("candidates", __name__, url_prefix="/v1/candidates")

_Erased: TypeAlias = tuple[ErasureAnswer, int, dict[str, str]] | Response

_places = Cursors("suppressions", TypeAdapter(str))

_ERASED: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    202: {"description": "Erased here; Redis's files or the carrier's records are not, yet"},
    204: {"description": "Erased before, for good"},
}

_STOPS = """
A STOP holds for a virtual number, or for all numbers of a messaging service. Shown are those that
the person has said since they were put on record with their phone, to numbers on which they have a
session on record.
"""

_LIFTING = """
`number` is the virtual number, also where the STOP holds for its messaging service; or the
service's sid. It is for somebody who has asked for it. The carrier keeps its own block: only the
person lifts that, by START, and until then it refuses the next text, which puts the STOP back. 404
where the list shows none.
"""


@recruiters.put("/<ref>")
@needs(Scope.PARTICIPANTS)
@recruiters.input(RecruiterBody)
@recruiters.output(RecruiterAnswer)
@recruiters.doc(operation_id="put_recruiter", responses={201: "A new recruiter"})
def put_recruiter(ref: str, json_data: RecruiterBody) -> tuple[RecruiterAnswer, int]:
    """Put a recruiter on record, or change what is known

    A new phone takes over the recruiter's open sessions at once, on the same virtual numbers.
    Another phone than the one on record may be given 5 times a day for one person, and by one key
    150 times and once more for each 100 phones that it has put on record; beyond that 429.
    """
    person, is_new = register_recruiter(
        services(),
        ref,
        recruiter_details(json_data),
        renumber=json_data.renumber,
        client_id=client().id,
        now=now(),
    )
    return present_recruiter(services(), person), 201 if is_new else 200


@recruiters.get("/<ref>")
@needs(Scope.PARTICIPANTS)
@recruiters.output(RecruiterAnswer)
@recruiters.doc(operation_id="get_recruiter")
def get_recruiter(ref: str) -> RecruiterAnswer:
    """Read a recruiter"""
    return present_recruiter(services(), _find(Role.RECRUITER, ref))


@recruiters.delete("/<ref>")
@needs(Scope.PARTICIPANTS)
@recruiters.output(ErasureAnswer, 202)
@recruiters.doc(operation_id="erase_recruiter", responses=_ERASED)
def delete_recruiter(ref: str) -> _Erased:
    """Erase a recruiter: sessions closed, number unrecoverable

    Closed and out of use at once. The erasure is final when Redis's files are rewritten and the
    carrier's records of their calls and texts deleted, too: until then this answers 202, and
    `Location` says where to ask; repeated after that, 204. Notices that we sent them, and what was
    refused, the carrier keeps for the pool's `carrier_retention`; where that is null, as long as it
    likes.
    """
    return _erase(Role.RECRUITER, ref)


@recruiters.get("/<ref>/erasure")
@needs(Scope.PARTICIPANTS)
@recruiters.output(ErasureAnswer)
@recruiters.doc(operation_id="get_recruiter_erasure")
def get_recruiter_erasure(ref: str) -> ErasureAnswer:
    """Read how far a recruiter's erasure is

    It is kept for a month, and until it is final.
    """
    return present_erasure(find_erasure(services(), Role.RECRUITER, check_form(ref)))


@candidates.put("/<ref>")
@needs(Scope.PARTICIPANTS)
@candidates.input(CandidateBody)
@candidates.output(CandidateAnswer)
@candidates.doc(operation_id="put_candidate", responses={201: "A new candidate"})
def put_candidate(ref: str, json_data: CandidateBody) -> tuple[CandidateAnswer, int]:
    """Put a candidate on record, or change what is known

    A new phone takes over the candidate's open sessions at once, on the same virtual numbers. Two
    candidates cannot have the same phone, unless `take_over` moves it. Another phone than the one
    on record, or one that another candidate has, may be given 5 times a day for one person, and by
    one key 150 times and once more for each 100 phones that it has put on record; beyond that 429.
    """
    person, is_new = register_candidate(
        services(),
        ref,
        candidate_details(json_data),
        take_over=json_data.take_over,
        renumber=json_data.renumber,
        client_id=client().id,
        now=now(),
    )
    return present_candidate(services(), person), 201 if is_new else 200


@candidates.get("/<ref>")
@needs(Scope.PARTICIPANTS)
@candidates.output(CandidateAnswer)
@candidates.doc(operation_id="get_candidate")
def get_candidate(ref: str) -> CandidateAnswer:
    """Read a candidate"""
    return present_candidate(services(), _find(Role.CANDIDATE, ref))


@candidates.delete("/<ref>")
@needs(Scope.PARTICIPANTS)
@candidates.output(ErasureAnswer, 202)
@candidates.doc(operation_id="erase_candidate", responses=_ERASED)
def delete_candidate(ref: str) -> _Erased:
    """Erase a candidate: sessions closed, number unrecoverable

    Closed and out of use at once. The erasure is final when Redis's files are rewritten and the
    carrier's records of their calls and texts deleted, too: until then this answers 202, and
    `Location` says where to ask; repeated after that, 204. Notices that we sent them, and what was
    refused, the carrier keeps for the pool's `carrier_retention`; where that is null, as long as it
    likes.
    """
    return _erase(Role.CANDIDATE, ref)


@candidates.get("/<ref>/erasure")
@needs(Scope.PARTICIPANTS)
@candidates.output(ErasureAnswer)
@candidates.doc(operation_id="get_candidate_erasure")
def get_candidate_erasure(ref: str) -> ErasureAnswer:
    """Read how far a candidate's erasure is

    It is kept for a month, and until it is final.
    """
    return present_erasure(find_erasure(services(), Role.CANDIDATE, check_form(ref)))


@recruiters.get("/<ref>/suppressions")
@needs(Scope.PARTICIPANTS)
@recruiters.input(Page, location="query")
@recruiters.output(SuppressionList)
@recruiters.doc(operation_id="list_recruiter_suppressions", description=_STOPS)
def get_recruiter_suppressions(ref: str, query_data: Page) -> SuppressionList:
    """List where a recruiter has stopped texts"""
    return _suppressions(Role.RECRUITER, ref, query_data)


@recruiters.delete("/<ref>/suppressions/<number>")
@needs(Scope.PARTICIPANTS)
@recruiters.output({}, 204)
@recruiters.doc(operation_id="lift_recruiter_suppression", description=_LIFTING)
def delete_recruiter_suppression(ref: str, number: str) -> tuple[str, int]:
    """Let a virtual number text a recruiter again who has said STOP"""
    return _lift(Role.RECRUITER, ref, number)


@candidates.get("/<ref>/suppressions")
@needs(Scope.PARTICIPANTS)
@candidates.input(Page, location="query")
@candidates.output(SuppressionList)
@candidates.doc(operation_id="list_candidate_suppressions", description=_STOPS)
def get_candidate_suppressions(ref: str, query_data: Page) -> SuppressionList:
    """List where a candidate has stopped texts"""
    return _suppressions(Role.CANDIDATE, ref, query_data)


@candidates.delete("/<ref>/suppressions/<number>")
@needs(Scope.PARTICIPANTS)
@candidates.output({}, 204)
@candidates.doc(operation_id="lift_candidate_suppression", description=_LIFTING)
def delete_candidate_suppression(ref: str, number: str) -> tuple[str, int]:
    """Let a virtual number text a candidate again who has said STOP"""
    return _lift(Role.CANDIDATE, ref, number)


def _suppressions(role: Role, ref: str, page: Page) -> SuppressionList:
    after = _places.read(page.cursor) or ""
    found = [each for each in list_suppressions(services(), _find(role, ref)) if each.place > after]
    shown = found[: page.limit]
    return SuppressionList(
        data=[present_suppression(each) for each in shown],
        next_cursor=_places.write(shown[-1].place if len(found) > len(shown) else None),
    )


def _lift(role: Role, ref: str, place: str) -> tuple[str, int]:
    lift_suppression(services(), _find(role, ref), place, now=now())
    return "", 204


def _erase(role: Role, ref: str) -> _Erased:
    erasure = erase_participant(services(), role, check_form(ref), now=now())
    if erasure.status is ErasureStatus.DONE:
        return Response(status=204)
    return present_erasure(erasure), 202, {"Location": f"/v1/{role}s/{ref}/erasure"}


def _find(role: Role, ref: str) -> Participant:
    person = services().store.people.get(role, check_form(ref))
    if person is None:
        raise NotFound(f"No {role} has this ref.")
    return person


def recruiter_details(body: RecruiterBody) -> RecruiterDetails:
    return RecruiterDetails(
        phone=body.phone,
        name=body.name,
        organization=body.organization,
        locale=body.locale,
        screen_calls=body.screen_calls,
        extension=body.extension,
    )


def candidate_details(body: CandidateBody) -> CandidateDetails:
    return CandidateDetails(
        phone=body.phone,
        locale=body.locale,
        time_zone=body.time_zone,
        guard=body.guard,
        guard_style=body.guard_style,
    )
