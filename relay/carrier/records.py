"""What the carrier keeps about calls and texts: both numbers, and words and pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple

from twilio.rest import Client

from relay.carrier.codes import NOT_FOUND, NOT_OVER
from relay.carrier.days import midnight_before
from relay.carrier.errors import carrier_errors
from relay.carrier.sids import checked_sid
from relay.domain.errors import CarrierError

_PAGE = 200
_OF_A_CALL = "CA"


class _Record(NamedTuple):
    """A call, a leg or a text; ``ends`` are its two numbers."""

    sid: str
    ends: tuple[str, str]
    began_at: float


class CarrierRecords:
    def __init__(self, client: Client, lists: Client) -> None:
        """``lists`` is the one that has time for a page of a long list."""
        self._client = client
        self._lists = lists

    def of_number(
        self, number: str, *, before: float, but: Collection[str], most: int
    ) -> list[str]:
        """Sids of calls, their legs and texts, from the number or to it, that began before then
        (POSIX seconds), but not of ``but``. At most so many. Raises CarrierError."""
        with carrier_errors():
            found = (
                record.sid
                for record in self._listed(number, before)
                if number in record.ends and record.began_at < before and record.sid not in but
            )
            return list(islice(found, most))

    def _listed(self, number: str, before: float) -> Iterator[_Record]:
        """Filters know days, and phone numbers by parts (TW-list-dates, TW-rest): the days up to
        the next one hold all that is wanted, whatever a bound includes."""
        day = midnight_before(before) + timedelta(days=1)
        for end in ({"to": number}, {"from_": number}):
            texts = self._lists.messages.stream(**end, date_sent_before=day, page_size=_PAGE)
            yield from (_record(text, text.from_) for text in texts)
            calls = self._lists.calls.stream(**end, start_time_before=day, page_size=_PAGE)
            # The SDK's name for it: "from" is a word of Python.
            yield from (_record(call, call._from) for call in calls)  # noqa: SLF001

    def delete_call(self, sid: str) -> bool:
        """Deletes the records of a call and of the legs that it has dialled, as ``delete``."""
        try:
            with carrier_errors():
                legs = self._client.calls.list(parent_call_sid=checked_sid(sid))
        except CarrierError as error:
            if error.retryable:
                raise
            return False
        sids = [*(str(leg.sid) for leg in legs), sid]
        return not [each for each in sids if not self.delete(each)]

    def delete(self, sid: str) -> bool:
        """Deletes the record of a call, a leg or a text, with its pictures; one that is gone is
        fine (TW-delete). False when the carrier refuses that, since it is not over yet or for any
        other reason of the record's own. Raises CarrierError when it may do so later."""
        kind = self._client.calls if sid.startswith(_OF_A_CALL) else self._client.messages
        try:
            with carrier_errors():
                kind(checked_sid(sid)).delete()
        except CarrierError as error:
            if error.code == NOT_FOUND:
                return True
            if error.code == NOT_OVER or not error.retryable:
                return False
            raise
        return True


def _record(record: Any, from_: Any) -> _Record:
    return _Record(str(record.sid), (str(from_), str(record.to)), record.date_created.timestamp())
