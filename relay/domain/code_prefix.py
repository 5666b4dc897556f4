"""The code prefix of texts to a recruiter who has several sessions on one number: the access code
says which session each belongs to (P1), and its context helps. It costs one segment at most; what
people wrote is never changed for it. What gets too long by the code is split in two, in order.
"""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass

from relay.domain.access_code import LONGEST
from relay.domain.gsm7 import count_segments, fold
from relay.domain.session import LONGEST_CONTEXT

#: Characters of one text (TW-text-length).
LONGEST_TEXT = 1600
#: The code, the context, and what parts them from each other and from the text.
_LONGEST_PREFIX = LONGEST + LONGEST_CONTEXT + len("  (1/2): ")
#: What a part may be called; "" of a text that is whole.
PARTS = ("", "1", "2")
_FIRST_PART = LONGEST_TEXT - _LONGEST_PREFIX
_LAST_WORD = re.compile(r"\s\S{0,80}$")
_CUT_OFF = "..."


@dataclass(frozen=True)
class CodePrefix:
    """Says which session a text is about; without a code, as for everybody who has one session on
    the number, nothing. ``part`` is "1" or "2" of a text that was split."""

    code: str = ""
    context: str = ""
    part: str = ""

    def before(self, text: str) -> str:
        """The text as that recruiter reads it: ``482913 Backend engineer, Acme: …``

        The context is cut, or left out, where the whole would need two segments more than the text
        alone, or be too long for one text: one character of it may be outside of GSM-7.
        """
        if not self.code:
            return text
        context = fold(self.context)
        whole = self._with(context, text)
        most = count_segments(fold(text)) + 1
        if len(context) <= LONGEST_CONTEXT and _cost(whole) <= most:
            return whole
        lengths = range(1, min(len(context), LONGEST_CONTEXT - len(_CUT_OFF)))
        # The longer it is, the more it costs.
        length = bisect(lengths, most, key=lambda length: _cost(self._with_cut(length, text)))
        return self._with_cut(length, text) if length else self._with("", text)

    def split(self, text: str) -> tuple[str, str] | None:
        """Returns the two parts of a text that the code makes too long; None when it does not, or
        when the text is a part already.

        It is cut between words, where one ends near the limit; nothing is lost. Each part has room
        for any prefix: a text that follows its session to another number gets the code it has
        there."""
        if self.part or not self.code or len(self.before(text)) <= LONGEST_TEXT:
            return None
        cut = _end_of_word(text, _FIRST_PART)
        return text[:cut], text[cut:]

    def _with_cut(self, length: int, text: str) -> str:
        context = fold(self.context)
        return self._with(context[: _end_of_word(context, length)].rstrip() + _CUT_OFF, text)

    def _with(self, context: str, text: str) -> str:
        about = f" {context}" if context else ""
        which = f" ({self.part}/2)" if self.part else ""
        return f"{self.code}{about}{which}: {text}"


def _cost(whole: str) -> int:
    """Segments, as the carrier charges them (``fold``); more than any text has for one that is too
    long."""
    return count_segments(fold(whole)) if len(whole) <= LONGEST_TEXT else LONGEST_TEXT


def _end_of_word(text: str, most: int) -> int:
    """Where to cut a text that may have so many characters."""
    last_word = _LAST_WORD.search(text[:most])
    return last_word.start() + 1 if last_word else most


NO_PREFIX = CodePrefix()
