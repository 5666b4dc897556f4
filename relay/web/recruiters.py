"""``/v1/recruiters``."""

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
    erase,
    find,
    lift,
    page_of,
    recruiter_changes,
    recruiter_details,
    suppressions_of,
)
from relay.web.presenting import present_erasure, present_recruiter
from relay.web.schemas.base import Page
from relay.web.schemas.participants import (
    ErasureAnswer,
    RecruiterAnswer,
    RecruiterBody,
    RecruiterChange,
    RecruiterList,
    SuppressionList,
)
from relay.workflows.amend_participant import amend_participant
from relay.workflows.erase_participant import find_erasure
from relay.workflows.register_participant import register_recruiter

recruiters = APIBlueprint("recruiters", __name__, url_prefix="/v1/recruiters")

_places = Cursors("recruiters", TypeAdapter(str))


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


@recruiters.patch("/<ref>")
@needs(Scope.PARTICIPANTS)
@recruiters.input(RecruiterChange)
@recruiters.output(RecruiterAnswer)
@recruiters.doc(operation_id="update_recruiter")
def patch_recruiter(ref: str, json_data: RecruiterChange) -> RecruiterAnswer:
    """Change what is known of a recruiter, without their phone

    What is left out stays, and so does the phone, which `PUT` changes. Open sessions follow.
    """
    person = amend_participant(
        services(), check_form(ref), recruiter_changes(json_data), client_id=client().id, now=now()
    )
    return present_recruiter(services(), person)


@recruiters.get("/<ref>")
@needs(Scope.PARTICIPANTS)
@recruiters.output(RecruiterAnswer)
@recruiters.doc(operation_id="get_recruiter")
def get_recruiter(ref: str) -> RecruiterAnswer:
    """Read a recruiter"""
    return present_recruiter(services(), find(Role.RECRUITER, ref))


@recruiters.get("")
@needs(Scope.PARTICIPANTS)
@recruiters.input(Page, location="query")
@recruiters.output(RecruiterList)
@recruiters.doc(operation_id="list_recruiters")
def list_recruiters(query_data: Page) -> RecruiterList:
    """List the recruiters on record by ref; never their numbers"""
    found, next_cursor = page_of(Role.RECRUITER, _places, query_data)
    return RecruiterList(
        data=[present_recruiter(services(), person) for person in found], next_cursor=next_cursor
    )


@recruiters.delete("/<ref>")
@needs(Scope.PARTICIPANTS)
@recruiters.output(ErasureAnswer, 202)
@recruiters.doc(operation_id="erase_recruiter", responses=ERASED)
def delete_recruiter(ref: str) -> Erased:
    """Erase a recruiter: sessions closed, number unrecoverable

    Closed and out of use at once. The erasure is final when Redis's files are rewritten and the
    carrier's records of their calls and texts deleted, too: until then this answers 202, and
    `Location` says where to ask; repeated after that, 204. Notices that we sent them, and what was
    refused, the carrier keeps for the pool's `carrier_retention`; where that is null, as long as it
    likes.
    """
    return erase(Role.RECRUITER, ref)


@recruiters.get("/<ref>/erasure")
@needs(Scope.PARTICIPANTS)
@recruiters.output(ErasureAnswer)
@recruiters.doc(operation_id="get_recruiter_erasure")
def get_recruiter_erasure(ref: str) -> ErasureAnswer:
    """Read how far a recruiter's erasure is

    It is kept for a month, and until it is final.
    """
    return present_erasure(find_erasure(services(), Role.RECRUITER, check_form(ref)))


@recruiters.get("/<ref>/suppressions")
@needs(Scope.PARTICIPANTS)
@recruiters.input(Page, location="query")
@recruiters.output(SuppressionList)
@recruiters.doc(operation_id="list_recruiter_suppressions", description=STOPS)
def get_recruiter_suppressions(ref: str, query_data: Page) -> SuppressionList:
    """List where a recruiter has stopped texts"""
    return suppressions_of(Role.RECRUITER, ref, query_data)


@recruiters.delete("/<ref>/suppressions/<number>")
@needs(Scope.PARTICIPANTS)
@recruiters.output({}, 204)
@recruiters.doc(operation_id="lift_recruiter_suppression", description=LIFTING)
def delete_recruiter_suppression(ref: str, number: str) -> tuple[str, int]:
    """Let a virtual number text a recruiter again who has said STOP"""
    return lift(Role.RECRUITER, ref, number)
