"""Fetch from the carrier what came in while our webhook did not answer, and take it on."""

from __future__ import annotations

import structlog

from relay.carrier.messages import ListedText
from relay.domain.errors import CarrierError, Unavailable
from relay.domain.participant import Role
from relay.domain.phone import PhoneNumber
from relay.domain.texts import Acceptance, AcceptState, Notice, NoticeReceiver
from relay.workflows.relay_text import relay_text
from relay.workflows.services import Services

log = structlog.get_logger()

#: How far the first run looks back, in seconds.
FIRST_LOOK = 600
#: A run looks back behind the last one's start: the carrier's list and clock lag a little.
OVERLAP = 120


def reconcile_inbound(services: Services, *, now: float) -> int:
    """Returns how many texts were news. The mark moves only when all went well, so that the next
    run goes over the same time again. Raises Unavailable."""
    messages = services.store.messages
    since = (messages.reconciled_until() or now - FIRST_LOOK) - OVERLAP
    try:
        listed = list(services.carrier.messages.list_inbound(since=since))
    except CarrierError as error:
        log.warning("inbound list not available", code=error.code)
        return 0
    # Newest first in the list; a lane keeps the order in which texts are taken on.
    accepted = [_take_on_if_reachable(services, item, now) for item in reversed(listed)]
    if None not in accepted:
        messages.note_reconciled(now)
    news = accepted.count(True)
    log.info("inbound reconciled", listed=len(listed), news=news)
    return news


def _take_on_if_reachable(services: Services, item: ListedText, now: float) -> bool | None:
    """Returns None when the store was not reached."""
    try:
        return _take_on(services, item, now)
    except Unavailable:
        log.warning("inbound text not taken on", text=item.text.message_sid)
        return None


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
            sealed_phone=services.vault.seal_phone(PhoneNumber(item.text.sender)),
            locale=known.locale,
            is_one_of_several=known.is_one_of_several,
        ),
        now=now,
        retention=services.settings.record_retention,
    )
    if told:
        services.jobs.send_message(told)
