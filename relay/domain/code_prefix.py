"""The code prefix of texts to a recruiter who has several sessions on one number: the access code
says which session each belongs to (P1). What gets too long by it is split in two, in order.
"""

from __future__ import annotations

import re

from relay.domain.access_code import LONGEST
from relay.domain.session import LONGEST_CONTEXT

#: Characters of one text (TW-text-length).
LONGEST_TEXT = 1600
#: The code, the context, and what parts them from each other and from the text.
_LONGEST_PREFIX = LONGEST + LONGEST_CONTEXT + len("  (1/2): ")
#: "" of a text that was not split.
PARTS = ("", "1", "2")
_FIRST_PART = LONGEST_TEXT - _LONGEST_PREFIX
_LAST_WORD = re.compile(r"\s\S{0,80}$")


def with_code_prefix(text: str, *, code: str, context: str, part: str = "") -> str:
    """Returns the text as that recruiter reads it: ``482913 Backend engineer, Acme: …``; without a
    code, as it is. ``part`` is "1" or "2" of a text that was split."""
    if not code:
        return text
    about = f" {context}" if context else ""
    which = f" ({part}/2)" if part else ""
    return f"{code}{about}{which}: {text}"


def split(text: str, *, code: str, context: str) -> tuple[str, str] | None:
    """Returns the two parts of a text that its code prefix makes too long; None when it does not.

    It is cut between words, where one ends near the limit; nothing is lost. Each part has room for
    any prefix: a text that follows its session to another number gets the code it has there."""
    if not code or len(with_code_prefix(text, code=code, context=context)) <= LONGEST_TEXT:
        return None
    last_word = _LAST_WORD.search(text[:_FIRST_PART])
    cut = last_word.start() + 1 if last_word else _FIRST_PART
    return text[:cut], text[cut:]
