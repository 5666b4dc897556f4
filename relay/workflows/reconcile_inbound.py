"""Fetch from the carrier what came in while our webhook did not answer, and take it on.

All numbers of an account are in one list, newest first, with our own texts between: a page
a minute covers them all, where a list of each number would be as many requests as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from relay.carrier.messages import ListedText
from relay.domain.errors import CarrierError, NumberMoved, Unavailable
from relay.domain.fetching import ListPlace, Look
from relay.domain.notices import Notice, NoticeReceiver
from relay.domain.participant import Role
from relay.domain.texts import Acceptance, AcceptState
from relay.store.connection import is_away
from relay.workflows.pass_over_failures import pass_over_failures, pass_over_refusal
from relay.workflows.relay_text import relay_text
from relay.workflows.services import Services

log = structlog.get_logger()

Clock = Callable[[], float]

#: How long one run reads, in seconds; the next one is a minute later, and goes on there.
_TURN = 20.0
#: How far the first run looks back, in seconds.
FIRST_LOOK = 600
#: How far a run looks back at most, in seconds. The mark is not to be believed: who sets it back
#: would have old texts relayed again (P9).
FURTHEST_LOOK = 24 * 3600
#: A run looks back behind the last one's start: the carrier's list and clock lag a little.
OVERLAP = 120
#: A text that fails though its master answers is tried again for so many seconds from its first try
#: on: a mistake or damage may be mended by then, and the list must not grow for ever.
TRIED_FOR = 3600


def reconcile_inbound(
    boards: Sequence[Services], *, clock: Clock, furthest: float = FURTHEST_LOOK
) -> int:
    """Takes on the texts of one carrier account, for the boards that use it. Returns how many were
    news. A look that takes longer than a run is gone on with by the next; what it finds later is
    older. The mark moves only when no text has to be tried again, so that the next look goes over
    the same time again. ``furthest`` is how far back it may go, in seconds. Raises
    Unavailable."""
    account, now = boards[0].account.sid, clock()
    look = _look(boards[0], now, furthest)
    listed, place, is_through = _read(boards[0], look, clock)
    # Newest first in the list; a lane keeps the order in which texts are taken on.
    accepted = [_take_on_if_possible(boards, item, now) for item in reversed(listed)]
    look = replace(look, place=place, is_to_be_repeated=look.is_to_be_repeated or None in accepted)
    _note(boards[0], look, is_through=is_through)
    news = accepted.count(True)
    log.info("inbound reconciled", account=account, listed=len(listed), news=news)
    return news


def _look(services: Services, now: float, furthest: float) -> Look:
    """The one to go on with, or a new one."""
    fetched, account = services.store.messages.fetched, services.account.sid
    look = fetched.unfinished(account)
    if look is None:
        mark = fetched.until(account) or now - FIRST_LOOK
        look = Look(began_at=now, since=mark - OVERLAP)
    return replace(
        look,
        began_at=min(look.began_at, now),
        since=min(max(look.since, now - furthest), now - OVERLAP),
    )


def _read(
    services: Services, look: Look, clock: Clock
) -> tuple[list[ListedText], ListPlace | None, bool]:
    """What is listed, where to go on, and whether nothing is left."""
    listed: list[ListedText] = []
    place, until = look.place, clock() + _TURN
    while True:
        try:
            page = services.carrier.messages.inbound_page(since=look.since, at=place)
        except CarrierError as error:
            about = {"account": services.account.sid}
            pass_over_refusal(services.store, error, "inbound list not available", **about)
            # A place that the carrier does not know any more is no place to go on from.
            return listed, place if error.retryable else None, False
        listed += page.texts
        place = page.next
        if place is None or clock() >= until:
            return listed, place, place is None


def _note(services: Services, look: Look, *, is_through: bool) -> None:
    fetched, account = services.store.messages.fetched, services.account.sid
    if look.place is not None:
        fetched.note_unfinished(account, look, look.place)
        return
    if is_through and not look.is_to_be_repeated:
        fetched.note_until(account, look.began_at)
    fetched.forget_unfinished(account)


def _take_on_if_possible(boards: Sequence[Services], item: ListedText, now: float) -> bool | None:
    """Passes over any failure; returns None when the text has to be tried again."""
    is_news = None
    with pass_over_failures(
        boards[0].store,
        account=boards[0].account.sid,
        virtual_number=item.text.virtual_number,
        text=item.text.message_sid,
    ):
        try:
            is_news = _take_on_for_board(boards, item, now)
        except Exception as error:
            is_board_away = isinstance(error, Unavailable) and is_away(error)
            if not is_board_away and _was_tried_for_long(boards[0], item, now):
                is_news = False
            raise
    return is_news


def _was_tried_for_long(services: Services, item: ListedText, now: float) -> bool:
    fetched = services.store.messages.fetched
    return now >= fetched.first_tried(item.text.message_sid, now=now) + TRIED_FOR


def _take_on_for_board(boards: Sequence[Services], item: ListedText, now: float) -> bool:
    services = _board_of(boards, item.text.virtual_number)
    try:
        return services is not None and _take_on(services, item, now)
    except NumberMoved:
        services = _board_of(boards, item.text.virtual_number)
        return services is not None and _take_on(services, item, now)


def _board_of(boards: Sequence[Services], number: str) -> Services | None:
    """None for a number of nobody's, and of a board that uses another account by now: what came in
    on it here was not for that board."""
    place = boards[0].store.number_map.find(number)
    if place is None:
        return None
    return next((services for services in boards if services.board.name == place.board), None)


def _take_on(services: Services, item: ListedText, now: float) -> bool:
    answer = relay_text(services, item.text, now=now, said_at=item.received_at)
    known = answer.accepted
    if answer.tell and known and known.sender:
        _tell_later(
            services, item, answer.tell, cause=answer.message, known=known, to=known.sender, now=now
        )
    return answer.outcome == AcceptState.ACCEPTED


def _tell_later(
    services: Services,
    item: ListedText,
    notice: Notice,
    *,
    cause: str,
    known: Acceptance,
    to: Role,
    now: float,
) -> None:
    """Nobody waits for an answer any more, so its sender gets a text of its own."""
    told = services.store.notices.add(
        cause,
        notice,
        NoticeReceiver(
            session=known.session,
            side=to,
            number=item.text.virtual_number,
            index=known.index,
            locale=known.locale,
            is_one_of_several=known.is_one_of_several,
        ),
        now=now,
        retention=services.settings.record_retention,
    )
    if told:
        services.jobs.send_message(told)
