"""Whether texts of a board go out: numbers and countries that the carrier refuses them for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from relay.carrier.codes import meaning_of
from relay.domain.pool import VirtualNumber
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.services import Services

_CODE_PAGE = "https://www.twilio.com/docs/api/errors"


def check_texting(
    services: Services, numbers: Sequence[VirtualNumber], *, now: float
) -> Iterator[Check]:
    """Raises Unavailable."""
    refused = Counter(
        number.sms_trouble.code
        for number in numbers
        if number.sms_trouble and number.sms_trouble.code is not None
    )
    for code, count in sorted(refused.items()):
        yield Check(
            f"texts {code}",
            Verdict.FAILED,
            f"{count} of {len(numbers)} numbers get no session that texts: {meaning_of(code)} "
            f"({_CODE_PAGE}/{code}). Mend it, then PATCH /v1/numbers/… with sms_ready true; a text "
            "that arrives does the same",
        )
    for country in services.store.messages.closed_countries.lately(now=now):
        yield Check(
            f"texts to {country}",
            Verdict.WARNING,
            "were refused in the last day: open the country in the Console's messaging "
            f"geographic permissions, or leave {country} out of allowed_countries",
        )
