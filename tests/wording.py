"""How what people read is put: log lines, problems and the doctor's findings.

Their words are no promise, and no test repeats them; by their form a test sees that they are there,
and that somebody wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_WORD = re.compile(r"\b[a-z]{2,}\b")
#: Capitals run into small letters, as in no word of ours.
_ODD = re.compile(r"[A-Z]{2,}[a-z]{2}|[a-z][A-Z]{2}")
_SENTENCE = re.compile(r"[^a-z].*[.?]", re.DOTALL)
#: What a line of the log may say in capitals.
_NAMES = re.compile(r"\bRedis\b")
#: How a line of the log begins → what names that of which it tells; "|" parts two ways to.
_SUBJECTS = {
    re.compile(start): names
    for start, names in {
        r"(access code|call|guard)\b": ("call",),
        r"text\b": ("message",),
        r"session\b": ("session",),
        r"(another phone|participant|phone|stop|erased)\b": ("role", "ref"),
        r"pool\b": ("pool",),
        r"(bought |idle )?number\b|registration\b": ("virtual_number|owned_number",),
        r"purchase\b": ("job",),
        r"messaging service\b": ("service",),
        r"record not trusted": ("record", "why", "session|message|ref|pool|virtual_number|sid"),
    }.items()
}


def is_phrase(text: object) -> bool:
    """At least one word of small letters, and no odd one."""
    return isinstance(text, str) and bool(_WORD.search(text)) and not _ODD.search(text)


def is_sentence(text: object) -> bool:
    """A phrase that begins with no small letter and ends with a full stop, or a question mark."""
    return is_phrase(text) and bool(_SENTENCE.fullmatch(str(text)))


def is_event(text: object) -> bool:
    """A phrase in small letters, but for names."""
    return is_phrase(text) and _NAMES.sub("", str(text)).islower()


def faults_of_line(event: object, values: Mapping[str, Any]) -> Iterator[str]:
    """Of a line of the log: it is an event, each of its values is there, and it names that of which
    it tells."""
    if not is_event(event):
        yield f"no event: {event!r}"
    for name, value in values.items():
        if value is None:
            yield f"{event}: nothing is known of {name}"
    for start, needed in _SUBJECTS.items():
        if start.match(str(event)):
            yield from (
                f"{event}: no {one}" for one in needed if values.keys().isdisjoint(one.split("|"))
            )


def faults_of_problem(problem: Mapping[str, Any]) -> Iterator[str]:
    """Of an answer of the API that is no success."""
    if not is_phrase(problem["title"]):
        yield f"no phrase: {problem['title']!r}"
    if "detail" in problem and not is_sentence(problem["detail"]):
        yield f"no sentence: {problem['detail']!r}"
    for fault in problem.get("errors", []):
        if not is_phrase(fault["detail"]):
            yield f"no phrase: {fault}"
