"""Warns a board of sessions with a phone abroad, where a call may show another number than ours."""

from __future__ import annotations

from collections.abc import Sequence

from relay.domain.phone import country_of
from relay.domain.session import Channel, Session, SessionWarning
from relay.workflows.services import Services


def warnings_of(
    services: Services, sessions: Sequence[Session], *, now: float
) -> list[list[SessionWarning]]:
    """What the board should know of each session; nothing of one that is over.

    A warning names neither a side nor a country: whoever may read sessions learns that one of the
    two is abroad, and not who. It follows from the two phones alone that the board has put on
    record itself, so it never tells whether a phone is known (P2). Raises Unavailable.
    """
    countries = services.store.people.countries_of(sessions)
    home = {number: country_of(number) for number in {one.virtual_number for one in sessions}}
    return [
        [SessionWarning.CALLER_ID_MAY_DIFFER]
        if session.is_live(now)
        and Channel.VOICE in session.channels
        and any(country != home[session.virtual_number] for country in theirs)
        else []
        for session, theirs in zip(sessions, countries, strict=True)
    ]
