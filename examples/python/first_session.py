"""Gives a recruiter and a candidate a virtual number, by the client that was generated here."""

import os
import sys
from typing import TypeVar

from relay_client import AuthenticatedClient
from relay_client.api.sessions import create_session, get_session, list_sessions
from relay_client.models import (
    CandidateGiven,
    Problem,
    RecruiterGiven,
    SessionBody,
    SessionStatus,
)

Answer = TypeVar("Answer")


def expect(answer: Answer | Problem | None) -> Answer:
    """The answer; a problem ends the program. Its ``code`` stays, its ``detail`` is for people."""
    if isinstance(answer, Problem):
        sys.exit(f"{answer.code}: {answer.detail}")
    if answer is None:
        sys.exit("an answer that the document does not know")
    return answer


def main() -> None:
    client = AuthenticatedClient(base_url=os.environ["RELAY"], token=os.environ["KEY"])
    pair = SessionBody(
        recruiter=RecruiterGiven(ref="r-1001", phone="+12125550101", name="Rita Reyes"),
        candidate=CandidateGiven(ref="c-77", phone="+13105550127"),
        context="Backend engineer",
    )
    session = expect(create_session.sync(client=client, body=pair))
    print(f"{session.recruiter} taps {session.dial}")
    print(f"{session.candidate} dials {session.virtual_number}")

    same = expect(get_session.sync(session.id, client=client))
    print(f"open until {same.expires_at:%Y-%m-%d}, about: {same.context}")
    found = expect(list_sessions.sync(client=client, recruiter="r-1001", status=SessionStatus.OPEN))
    print(f"open sessions of r-1001: {len(found.data)}")


if __name__ == "__main__":
    main()
