"""Finds out at the carrier whether it took an attempt that it did not answer."""

from __future__ import annotations

import random

from relay.carrier.codes import NO_ANSWER
from relay.carrier.messages import SentText
from relay.domain.code_prefix import CodePrefix
from relay.domain.errors import CarrierError
from relay.domain.gsm7 import plainer
from relay.domain.message_progress import OwnFailure, next_look_at
from relay.domain.texts import SendLease
from relay.domain.trouble import Trouble
from relay.vault import Unreadable
from relay.workflows.end_turn import Clock, confirm, find_next_try, give_up, postpone
from relay.workflows.services import Services
from relay.workflows.word_text import words_of

#: The carrier's clock against ours, in seconds, when it is asked what it took since an attempt.
_CLOCK_MARGIN = 5.0
_NOT_TAKEN = CarrierError(Trouble.LATER, NO_ANSWER)


def settle_send(services: Services, lease: SendLease, prefix: CodePrefix, clock: Clock) -> str:
    """Confirms the attempt if it was taken, else tries again, or looks again later. Returns the
    message to go on with, or "". Raises Unavailable.

    One send at a time goes to this phone and every sid that we know has its owner, so a text
    there that nobody owns is that attempt's, even where our words are deleted by now.
    """
    try:
        body = prefix.before(words_of(services, lease, now=clock()))
    except Unreadable:
        body = ""
    try:
        listed = services.carrier.messages.find_sent(
            virtual_number=lease.number, since=lease.attempted_at - _CLOCK_MARGIN
        )
    except CarrierError as error:
        return _look_again(services, lease, error, clock)
    to_them = [text for text in listed if lease.index in services.vault.indexes_of(text.receiver)]
    taken = _unowned(services, [text for text in to_them if _says(text, body)])
    if taken:
        indexes = services.vault.indexes_of(taken.receiver)
        block = services.store.suppressions.find_block(indexes, lease.number)
        begun_at = lease.attempted_at
        return confirm(
            services, lease, taken, clock, indexes=indexes, block=block, begun_at=begun_at
        )
    return _try_again(services, lease, clock)


def _look_again(services: Services, lease: SendLease, error: CarrierError, clock: Clock) -> str:
    """Whatever is wrong with the list, it may be right in a while."""
    again = next_look_at(
        lease.tries,
        attempted_at=lease.attempted_at,
        now=clock(),
        jitter=random.random(),
        retry_after=error.retry_after,
    )
    if again is None:
        return give_up(services, lease, clock, "unsettled", code=error.code, why=error.trouble)
    return postpone(services, lease, again, clock, outcome_unknown=True, code=error.code)


def _try_again(services: Services, lease: SendLease, clock: Clock) -> str:
    """After an attempt that the carrier did not answer, and did not take. The looking up was part
    of the pause. Returns the message to go on with."""
    again = find_next_try(services, lease, _NOT_TAKEN, lease.attempted_at)
    now = clock()
    if again is None or now > lease.expires_at:
        return give_up(
            services, lease, clock, "not taken", code=NO_ANSWER, why=OwnFailure.NO_ANSWER
        )
    until = max(again, now)
    postpone(services, lease, until, clock, outcome_unknown=False, code=NO_ANSWER)
    return lease.message


def _says(text: SentText, body: str) -> bool:
    """The carrier may put words around a text (trial accounts), trim it, make its typography
    plainer, or not show it."""
    shown, ours = (" ".join(plainer(words).split()) for words in (text.body, body))
    return not shown or ours in shown


def _unowned(services: Services, texts: list[SentText]) -> SentText | None:
    owned = services.store.messages.outbox.owned([text.sid for text in texts])
    return next((text for text in texts if text.sid not in owned), None)
