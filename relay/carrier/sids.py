"""Sids go into the paths of requests, and come from Redis, where anybody may have written (P9)."""

from __future__ import annotations

import re

from relay.carrier.codes import NO_SID
from relay.domain.errors import CarrierError
from relay.domain.trouble import Trouble

_SID = re.compile(r"[A-Za-z0-9]+")


def checked_sid(sid: str) -> str:
    """The sid. Raises CarrierError for what would lead to another resource of the account: the
    carrier would say that there is no such thing."""
    if not _SID.fullmatch(sid):
        raise CarrierError(Trouble.NEVER, NO_SID)
    return sid
