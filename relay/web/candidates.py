"""``/v1/candidates``."""

from __future__ import annotations

from apiflask import APIBlueprint
from pydantic import TypeAdapter

from relay.domain.api_key import Scope
from relay.domain.participant import Role
from relay.web.auth import needs
from relay.web.current import client, now, services
from relay.web.cursors import Cursors
from relay.web.ids import check_form
from relay.web.participants import (
    ERASED,
    LIFTING,
    STOPS,
    Erased,
    candidate_changes,
    candidate_details,
    erase,
    find,
    lift,
    page_of,
    suppressions_of,
)
from relay.web.presenting import present_candidate, present_erasure
from relay.web.schemas.base import Page
from relay.web.schemas.participants import (
    CandidateAnswer,
    CandidateBody,
    CandidateChange,
    CandidateList,
    ErasureAnswer,
    SuppressionList,
)
from relay.workflows.amend_participant import amend_participant
from relay.workflows.erase_participant import find_erasure
from relay.workflows.register_participant import register_candidate

candidates = APIBlueprint("candidates", __name__, url_prefix="/v1/candidates")

_places = Cursors("candidates", TypeAdapter(str))


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


@candidates.patch("/<ref>")
@needs(Scope.PARTICIPANTS)
@candidates.input(CandidateChange)
@candidates.output(CandidateAnswer)
@candidates.doc(operation_id="update_candidate")
def patch_candidate(ref: str, json_data: CandidateChange) -> CandidateAnswer:
    """Change what is known of a candidate, without their phone

    What is left out stays, and so does the phone, which `PUT` changes. Open sessions follow.
    """
    person = amend_participant(
        services(), check_form(ref), candidate_changes(json_data), client_id=client().id, now=now()
    )
    return present_candidate(services(), person)


@candidates.get("/<ref>")
@needs(Scope.PARTICIPANTS)
@candidates.output(CandidateAnswer)
@candidates.doc(operation_id="get_candidate")
def get_candidate(ref: str) -> CandidateAnswer:
    """Read a candidate"""
    return present_candidate(services(), find(Role.CANDIDATE, ref))


@candidates.get("")
@needs(Scope.PARTICIPANTS)
@candidates.input(Page, location="query")
@candidates.output(CandidateList)
@candidates.doc(operation_id="list_candidates")
def list_candidates(query_data: Page) -> CandidateList:
    """List the candidates on record by ref; never their numbers"""
    found, next_cursor = page_of(Role.CANDIDATE, _places, query_data)
    return CandidateList(
        data=[present_candidate(services(), person) for person in found], next_cursor=next_cursor
    )


@candidates.delete("/<ref>")
@needs(Scope.PARTICIPANTS)
@candidates.output(ErasureAnswer, 202)
@candidates.doc(operation_id="erase_candidate", responses=ERASED)
def delete_candidate(ref: str) -> Erased:
    """Erase a candidate: sessions closed, number unrecoverable

    Closed and out of use at once. The erasure is final when Redis's files are rewritten and the
    carrier's records of their calls and texts deleted, too: until then this answers 202, and
    `Location` says where to ask; repeated after that, 204. Notices that we sent them, and what was
    refused, the carrier keeps for the pool's `carrier_retention`; where that is null, as long as it
    likes.
    """
    return erase(Role.CANDIDATE, ref)


@candidates.get("/<ref>/erasure")
@needs(Scope.PARTICIPANTS)
@candidates.output(ErasureAnswer)
@candidates.doc(operation_id="get_candidate_erasure")
def get_candidate_erasure(ref: str) -> ErasureAnswer:
    """Read how far a candidate's erasure is

    It is kept for a month, and until it is final.
    """
    return present_erasure(find_erasure(services(), Role.CANDIDATE, check_form(ref)))


@candidates.get("/<ref>/suppressions")
@needs(Scope.PARTICIPANTS)
@candidates.input(Page, location="query")
@candidates.output(SuppressionList)
@candidates.doc(operation_id="list_candidate_suppressions", description=STOPS)
def get_candidate_suppressions(ref: str, query_data: Page) -> SuppressionList:
    """List where a candidate has stopped texts"""
    return suppressions_of(Role.CANDIDATE, ref, query_data)


@candidates.delete("/<ref>/suppressions/<number>")
@needs(Scope.PARTICIPANTS)
@candidates.output({}, 204)
@candidates.doc(operation_id="lift_candidate_suppression", description=LIFTING)
def delete_candidate_suppression(ref: str, number: str) -> tuple[str, int]:
    """Let a virtual number text a candidate again who has said STOP"""
    return lift(Role.CANDIDATE, ref, number)
