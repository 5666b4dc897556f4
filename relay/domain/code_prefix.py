"""The code prefix of texts to a recruiter who has several sessions on one number: the access code
says which session each belongs to (P1). What gets too long by it is split in two, in order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.domain.access_code import LONGEST
from relay.domain.session import LONGEST_CONTEXT

#: Characters of one text (TW-text-length).
LONGEST_TEXT = 1600
#: The code, the context, and what parts them from each other and from the text.
_LONGEST_PREFIX = LONGEST + LONGEST_CONTEXT + len("  (1/2): ")
#: What a part may be called; "" of a text that is whole.
PARTS = ("", "1", "2")
_FIRST_PART = LONGEST_TEXT - _LONGEST_PREFIX
_LAST_WORD = re.compile(r"\s\S{0,80}$")


@dataclass(frozen=True)
class CodePrefix:
    """Says which session a text is about; without a code, as for everybody who has one session on
    the number, nothing. ``part`` is "1" or "2" of a text that was split."""

    code: str = ""
    context: str = ""
    part: str = ""

    def before(self, text: str) -> str:
        """The text as that recruiter reads it: ``482913 Backend engineer, Acme: …``"""
        if not self.code:
            return text
        about = f" {self.context}" if self.context else ""
        which = f" ({self.part}/2)" if self.part else ""
        return f"{self.code}{about}{which}: {text}"

    def split(self, text: str) -> tuple[str, str] | None:
        """Returns the two parts of a text that this makes too long; None when it does not, or when
        the text is a part already.

        It is cut between words, where one ends near the limit; nothing is lost. Each part has room
        for any prefix: a text that follows its session to another number gets the code it has
        there."""
        if self.part or not self.code or len(self.before(text)) <= LONGEST_TEXT:
            return None
        last_word = _LAST_WORD.search(text[:_FIRST_PART])
        cut = last_word.start() + 1 if last_word else _FIRST_PART
        return text[:cut], text[cut:]


NO_PREFIX = CodePrefix()
