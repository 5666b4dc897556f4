"""Whether texts of a board go out: numbers and countries that the carrier refuses them for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from relay.carrier.codes import meaning_of
from relay.workflows.board_on_record import BoardOnRecord
from relay.workflows.check_readiness import Check, Verdict

_CODE_PAGE = "https://www.twilio.com/docs/api/errors"


def check_texting(board: BoardOnRecord, *, now: float) -> Iterator[Check]:
    """Raises Unavailable."""
    numbers = board.numbers
    refused = Counter(
        number.sms_trouble.code
        for number in numbers
        if number.sms_trouble and number.sms_trouble.code is not None
    )
    for code, count in sorted(refused.items()):
        yield Check(
            f"texts {code}",
            Verdict.FAILED,
            f"numbers kept from sessions that text: {count} of {len(numbers)}; {meaning_of(code)} "
            f"({_CODE_PAGE}/{code}). Mend it, then PATCH /v1/numbers/… with sms_ready true; a text "
            "that arrives does the same",
        )
    for country in board.services.store.messages.closed_countries.lately(now=now):
        # One that no pool serves any more is rather closed than opened.
        if country in board.countries:
            yield Check(
                f"texts to {country}",
                Verdict.WARNING,
                "were refused in the last day: open the country in the Console's messaging "
                f"geographic permissions, or leave {country} out of allowed_countries",
            )
