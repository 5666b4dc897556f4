"""What went wrong with a request to the carrier, as the one error the rest of the relay knows.

What requests and the SDK raise for it (TW-sdk-errors) becomes a CarrierError here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException
from urllib3.exceptions import MaxRetryError, NewConnectionError

from relay.carrier.codes import CODES, NO_ANSWER, TOO_MANY_REQUESTS, UNREADABLE_ANSWER, trouble_of
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble


def refusal(status: int, text: str, headers: Mapping[str, str], *, creates: bool) -> CarrierError:
    """The error of an answer that does not say that it was done, JSON or not."""
    is_throttled = status == HTTPStatus.TOO_MANY_REQUESTS
    known = _code_in(text)
    code = known or (TOO_MANY_REQUESTS if is_throttled else status)
    trouble = trouble_of(code, status)
    seconds = headers.get("Retry-After", "")
    # Before the server failed or gave us up, it may have done what was asked; and an answer without
    # a code is not the carrier's: nobody knows what became of the request.
    may_have_worked = (
        status == HTTPStatus.REQUEST_TIMEOUT
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or (not known and not trouble.passes)
    )
    return CarrierError(
        Trouble.LATER if may_have_worked else trouble,
        code,
        retry_after=float(seconds) if is_throttled and seconds.isdigit() else None,
        ambiguous=creates and may_have_worked,
    )


def _code_in(text: str) -> int:
    try:
        code = json.loads(text).get("code")
    except (ValueError, AttributeError):
        return 0
    # A proxy's JSON may have a "code", too, such as HTTP's status; True is an int in Python.
    return code if type(code) is int and code in CODES else 0


@contextmanager
def carrier_errors(*, creates: bool = False) -> Iterator[None]:
    """Turns what requests and the SDK raise into CarrierError.

    ``creates``: the request makes something that cannot be made twice, so that an answer that is
    lost on the way leaves open whether it was made.
    """
    try:
        yield
    except NoConnection as error:
        may_have_worked = creates and not _never_connected(error)
        raise CarrierError(Trouble.LATER, NO_ANSWER, ambiguous=may_have_worked) from None
    except RequestException:
        raise CarrierError(Trouble.LATER, NO_ANSWER, ambiguous=creates) from None
    except (TwilioException, ValueError, KeyError, TypeError, AttributeError):
        # An answer that the SDK cannot read says nothing about what was done.
        raise CarrierError(Trouble.LATER, UNREADABLE_ANSWER, ambiguous=creates) from None


def _never_connected(error: NoConnection) -> bool:
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError)
