"""What went wrong with a request to the carrier, as the one error the rest of the relay knows.

The SDK raises four kinds of exceptions for it (TW-sdk-errors); here each becomes a CarrierError.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from urllib3.exceptions import MaxRetryError, NewConnectionError

from relay.carrier.codes import NO_ANSWER, TOO_MANY_REQUESTS, UNREADABLE_ANSWER, trouble_of
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble


def refusal(status: int, text: str, headers: Mapping[str, str], *, creates: bool) -> CarrierError:
    """The error of an answer with a status of 400 or more, JSON or not."""
    is_throttled = status == HTTPStatus.TOO_MANY_REQUESTS
    code = _code_in(text) or (TOO_MANY_REQUESTS if is_throttled else status)
    seconds = headers.get("Retry-After", "")
    # Before the server failed or gave us up, it may have done what was asked.
    may_have_worked = (
        status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    return CarrierError(
        Trouble.LATER if may_have_worked else trouble_of(code, status),
        code,
        retry_after=float(seconds) if is_throttled and seconds.isdigit() else None,
        ambiguous=creates and may_have_worked,
    )


def _code_in(text: str) -> int:
    try:
        code = json.loads(text).get("code")
    except (ValueError, AttributeError):
        return 0
    return code if isinstance(code, int) else 0


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
    except (TwilioRestException, TwilioServiceException) as error:
        code = int(error.code or error.status)
        raise CarrierError(trouble_of(code, int(error.status)), code) from None
    except (TwilioException, ValueError, KeyError, TypeError, AttributeError):
        # An answer that the SDK cannot read says nothing about what was done.
        raise CarrierError(Trouble.LATER, UNREADABLE_ANSWER, ambiguous=creates) from None


def _never_connected(error: NoConnection) -> bool:
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError)
