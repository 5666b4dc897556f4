"""Ids in paths."""

from __future__ import annotations

import re

from relay.domain.errors import NotFound

_ID = re.compile(r"[A-Za-z0-9._-]{1,101}")


def check_form(identifier: str) -> str:
    """The same id. Raises NotFound for what is none, such as a phone number in international form:
    Redis must not even be asked for it (P2)."""
    if not _ID.fullmatch(identifier):
        raise NotFound("Nothing has this id.")
    return identifier
