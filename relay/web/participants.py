"""What ``/v1/recruiters`` and ``/v1/candidates`` have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

from flask import Response
from pydantic import TypeAdapter

from relay.domain.erasure import ErasureStatus
from relay.domain.errors import NotFound
from relay.domain.participant import CandidateDetails, Participant, RecruiterDetails, Role
from relay.web.current import now, services
from relay.web.cursors import Cursors
from relay.web.ids import check_form
from relay.web.presenting import (
    present_erasure,
    present_suppression,
)
from relay.web.schemas.base import Page
from relay.web.schemas.participants import (
    CandidateBody,
    CandidateChange,
    ErasureAnswer,
    RecruiterBody,
    RecruiterChange,
    SuppressionList,
)
from relay.workflows.erase_participant import erase_participant
from relay.workflows.list_suppressions import lift_suppression, list_suppressions

Erased: TypeAlias = tuple[ErasureAnswer, int, dict[str, str]] | Response

_places = Cursors("suppressions", TypeAdapter(str))

ERASED: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    202: {"description": "Erased here; Redis's files or the carrier's records are not, yet"},
    204: {"description": "Erased before, for good"},
}

STOPS = """
A STOP holds for a virtual number, or for all numbers of a messaging service. Shown are those that
the person has said since they were put on record with their phone, to numbers on which they have a
session on record.
"""

LIFTING = """
`number` is the virtual number, also where the STOP holds for its messaging service; or the
service's sid. It is for somebody who has asked for it. The carrier keeps its own block: only the
person lifts that, by START, and until then it refuses the next text, which puts the STOP back. 404
where the list shows none.
"""


def suppressions_of(role: Role, ref: str, page: Page) -> SuppressionList:
    after = _places.read(page.cursor) or ""
    found = [each for each in list_suppressions(services(), find(role, ref)) if each.place > after]
    shown = found[: page.limit]
    return SuppressionList(
        data=[present_suppression(each) for each in shown],
        next_cursor=_places.write(shown[-1].place if len(found) > len(shown) else None),
    )


def lift(role: Role, ref: str, place: str) -> tuple[str, int]:
    lift_suppression(services(), find(role, ref), place, now=now())
    return "", 204


def erase(role: Role, ref: str) -> Erased:
    erasure = erase_participant(services(), role, check_form(ref), now=now())
    if erasure.status is ErasureStatus.DONE:
        return Response(status=204)
    return present_erasure(erasure), 202, {"Location": f"/v1/{role}s/{ref}/erasure"}


def page_of(role: Role, places: Cursors[str], page: Page) -> tuple[list[Participant], str | None]:
    """People on record by ref, and where the list goes on."""
    after = places.read(page.cursor) or ""
    found, last = services().store.people.list(role, after=after, limit=page.limit)
    return found, places.write(last)


def find(role: Role, ref: str) -> Participant:
    person = services().store.people.get(role, check_form(ref))
    if person is None:
        raise NotFound(f"No {role} has this ref.")
    return person


def recruiter_details(body: RecruiterBody) -> RecruiterDetails:
    return replace(recruiter_changes(body), phone=body.phone)


def recruiter_changes(body: RecruiterBody | RecruiterChange) -> RecruiterDetails:
    """All that is said but the phone."""
    return RecruiterDetails(
        name=body.name,
        organization=body.organization,
        locale=body.locale,
        screen_calls=body.screen_calls,
        extension=body.extension,
    )


def candidate_details(body: CandidateBody) -> CandidateDetails:
    return replace(candidate_changes(body), phone=body.phone)


def candidate_changes(body: CandidateBody | CandidateChange) -> CandidateDetails:
    """All that is said but the phone."""
    return CandidateDetails(
        locale=body.locale,
        time_zone=body.time_zone,
        guard=body.guard,
        guard_style=body.guard_style,
    )
