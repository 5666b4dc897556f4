"""What people hear and read, in their language.

The English sentence is the message id; ``relay/locales/<locale>/relay.po`` translates it. To add
a language, copy ``relay/locales/relay.pot`` there and fill it in: no code changes
(``docs/translating.md``).
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from relay.domain.code_prefix import LONGEST_TEXT

#: What the sentences are written in.
_OURS = "en"
LOCALES = Path(__file__).parent.parent / "locales"


def N_(sentence: str) -> str:  # noqa: N802 - the name that pybabel looks for
    """Marks a sentence for the catalogues."""
    return sentence


class _Counted(NamedTuple):
    one: str
    several: str


def NN_(one: str, several: str) -> _Counted:  # noqa: N802 - as above
    """Marks a sentence about a ``{count}`` for the catalogues."""
    return _Counted(one, several)


class Announcement(StrEnum):
    """Each one is spoken or texted to a person; the name is the key that logs may show."""

    NOT_CONNECTED = "not_connected"
    NO_LONGER_CONNECTED = "no_longer_connected"
    CALLER_WITHHELD = "caller_withheld"
    CODE_OF_SEVERAL = "code_of_several"
    CODE_OF_STRANGER = "code_of_stranger"
    CODE_OF_WITHHELD = "code_of_withheld"
    CODE_OF_UNVERIFIED = "code_of_unverified"
    CODE_AGAIN = "code_again"
    CODE_MISSING = "code_missing"
    CODE_TRIED_OUT = "code_tried_out"
    TEXTS_ONLY = "texts_only"
    CALLS_ONLY = "calls_only"
    CALLS_OVER_LIMIT = "calls_over_limit"
    TEXTS_OVER_LIMIT = "texts_over_limit"
    CALL_AGAIN = "call_again"
    TRY_LATER = "try_later"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    TEXT_INSTEAD = "text_instead"
    FAILED = "failed"
    GUARD_ABOUT = "guard_about"
    GUARD_QUESTION = "guard_question"
    GUARD_UNVERIFIED = "guard_unverified"
    GUARD_RECRUITER = "guard_recruiter"
    GUARD_NAMED_RECRUITER = "guard_named_recruiter"
    GUARD_RECRUITER_OF = "guard_recruiter_of"
    GUARD_NAMED_RECRUITER_OF = "guard_named_recruiter_of"
    GUARD_CANDIDATE = "guard_candidate"
    GUARD_CONTEXT = "guard_context"
    GUARD_AGAIN = "guard_again"
    TEXT_FAILED = "text_failed"
    TEXTS_NOT_RECEIVED = "texts_not_received"
    MORE_NOT_DELIVERED = "more_not_delivered"
    MORE_PICTURES = "more_pictures"
    TEXTS_HELD = "texts_held"
    TEXTS_STOPPED = "texts_stopped"
    TEXTS_PAUSED = "texts_paused"
    CALL_INSTEAD = "call_instead"
    PICTURE_NOT_RELAYED = "picture_not_relayed"
    NUMBER_CHANGED = "number_changed"
    NUMBER_CHANGED_FOR = "number_changed_for"
    WHICH_SESSION = "which_session"
    WHICH_SESSION_MORE = "which_session_more"


_SENTENCES: dict[Announcement, str | _Counted] = {
    Announcement.NOT_CONNECTED: N_(
        "This number does not connect you with anybody. "
        "Please check that it is the right number, and use the phone that {board} has on record."
    ),
    Announcement.NO_LONGER_CONNECTED: N_(
        "This number no longer connects you with that person. "
        "Please ask {board} for a new connection."
    ),
    Announcement.CALLER_WITHHELD: N_(
        "Your caller ID is hidden, so this call cannot be connected. "
        "Please call again and show your number; the other side will not see it."
    ),
    Announcement.CODE_OF_SEVERAL: N_(
        "You reach several people through this number. "
        "Please enter the access code of the person you want, then press pound."
    ),
    Announcement.CODE_OF_STRANGER: N_(
        "This number does not know the phone you are calling from. "
        "If you have an access code, please enter it now, then press pound."
    ),
    Announcement.CODE_OF_WITHHELD: N_(
        "Your caller ID is hidden. "
        "If you have an access code, please enter it now, then press pound."
    ),
    Announcement.CODE_OF_UNVERIFIED: N_(
        "The phone network could not verify the number you are calling from. "
        "Please enter your access code now, then press pound."
    ),
    Announcement.CODE_AGAIN: N_(
        "That access code is not right. Please enter it again, then press pound."
    ),
    Announcement.CODE_MISSING: N_(
        "No access code was entered. You find it next to this number on {board}. Goodbye."
    ),
    Announcement.CODE_TRIED_OUT: N_(
        "Sorry, we cannot connect you by access code right now. "
        "Please check the code on {board}, and call again later. Goodbye."
    ),
    Announcement.TEXTS_ONLY: N_("This number is for text messages only. Please send a text."),
    Announcement.CALLS_ONLY: N_(
        "{board}: this number is for calls only. Your text was not delivered. Please call it."
    ),
    Announcement.CALLS_OVER_LIMIT: N_(
        "The limit of calls for one day has been reached, so this call cannot be connected. "
        "Please try again tomorrow."
    ),
    Announcement.TEXTS_OVER_LIMIT: N_(
        "{board}: your text was not delivered, because the limit of texts for one day has been "
        "reached. Please write again tomorrow; until then, texts may not be delivered."
    ),
    Announcement.CALL_AGAIN: N_("This call has already been connected once. Please dial again."),
    Announcement.TRY_LATER: N_(
        "Your call cannot be connected right now. Please try again in a few minutes."
    ),
    Announcement.BUSY: N_("The line is busy. Please try again later."),
    Announcement.NO_ANSWER: N_("There is no answer. Please try again later."),
    Announcement.DECLINED: N_("Your call was not taken."),
    Announcement.TEXT_INSTEAD: N_("You can also send a text."),
    Announcement.FAILED: N_("The person cannot be reached at the moment. Please try again later."),
    Announcement.GUARD_ABOUT: N_("{board}: a call about an application."),
    Announcement.GUARD_QUESTION: N_("Press 1 to take it, or 2 to hear who it is and why."),
    Announcement.GUARD_UNVERIFIED: N_(
        "Careful: the phone network could not verify this caller's number."
    ),
    Announcement.GUARD_RECRUITER: N_("The call is from a recruiter."),
    Announcement.GUARD_NAMED_RECRUITER: N_("The call is from {name}."),
    Announcement.GUARD_RECRUITER_OF: N_("The call is from a recruiter of {organization}."),
    Announcement.GUARD_NAMED_RECRUITER_OF: N_("The call is from {name} of {organization}."),
    Announcement.GUARD_CANDIDATE: N_("The call is from a candidate."),
    Announcement.GUARD_CONTEXT: N_("It is about: {context}."),
    Announcement.GUARD_AGAIN: N_("Press 1 to take the call, or hang up."),
    Announcement.TEXT_FAILED: N_("{board}: one of your texts could not be delivered."),
    Announcement.TEXTS_NOT_RECEIVED: N_(
        "{board}: your text was not delivered. Texts do not reach the other person's phone."
    ),
    Announcement.MORE_NOT_DELIVERED: NN_(
        "{board}: since our last message to you, {count} more of your texts was not delivered.",
        "{board}: since our last message to you, {count} more of your texts were not delivered.",
    ),
    Announcement.MORE_PICTURES: NN_(
        "{board}: {count} more of your texts came with a picture, which was not delivered.",
        "{board}: {count} more of your texts came with pictures, which were not delivered.",
    ),
    Announcement.TEXTS_HELD: NN_(
        "{board}: {count} of your texts was not delivered, because it came too fast or repeated "
        "the same words. If your phone answers by itself, please switch that off.",
        "{board}: {count} of your texts were not delivered, because they came too fast or repeated "
        "the same words. If your phone answers by itself, please switch that off.",
    ),
    Announcement.TEXTS_STOPPED: N_("{board}: the other person has stopped texts from this number."),
    Announcement.TEXTS_PAUSED: N_(
        "{board}: your text was not delivered, since the other person has stopped texts "
        "from this number."
    ),
    Announcement.CALL_INSTEAD: N_("You can still call this number."),
    Announcement.PICTURE_NOT_RELAYED: N_(
        "{board}: pictures are not passed on yet. Your picture was not delivered."
    ),
    Announcement.NUMBER_CHANGED: N_(
        "{board}: your number for this contact is now this one. "
        "Please use it from now on: the old one may soon be somebody else's."
    ),
    Announcement.NUMBER_CHANGED_FOR: N_(
        "{board}: your number for {context} is now this one. "
        "Please use it from now on: the old one may soon be somebody else's."
    ),
    Announcement.WHICH_SESSION: N_(
        "{board}: your text was not delivered. You write to several people through this number, "
        "and no right code stood before your words. Please send it again, beginning with the code "
        "of the person it is for:"
    ),
    Announcement.WHICH_SESSION_MORE: N_("The other codes are on {board}."),
}


def text(announcement: Announcement, locale: str, count: int = 0, /, **values: str) -> str:
    """The sentence in the nearest language there is, English else. ``count`` is for one that names
    a number, and says whether it is about one or several.

    Raises KeyError when a value that the sentence names is not given.
    """
    catalogue, sentence = _catalogue(locale), _SENTENCES[announcement]
    words = (
        catalogue.gettext(sentence)
        if isinstance(sentence, str)
        else catalogue.ngettext(sentence.one, sentence.several, count)
    )
    return words.format(count=count, **values)


def in_one(first: str, second: str) -> str:
    """Two sentences, one behind the other."""
    return first + second if first.endswith("。") else f"{first} {second}"


def which_session(options: Iterable[tuple[str, str]], locale: str, *, board: str) -> str:
    """The question which session a text was for, with their codes and contexts: as many as fit."""
    lines = [text(Announcement.WHICH_SESSION, locale, board=board)]
    more = text(Announcement.WHICH_SESSION_MORE, locale, board=board)
    for code, context in options:
        line = f"{code} {context}".rstrip()
        if len("\n".join([*lines, line, more])) > LONGEST_TEXT:
            lines.append(more)
            break
        lines.append(line)
    return "\n".join(lines)


def is_spoken(locale: str) -> bool:
    """Whether we have the sentences in this language: whoever has another one gets English."""
    return type(_catalogue(locale)) is Translations or locale.partition("-")[0] == _OURS


def say_language(locale: str) -> str:
    """The value of ``<Say language>`` for a locale: ``en-US``, ``cmn-CN``."""
    return str(_catalogue(locale).pgettext("Twilio <Say> language", "en-US"))


def heard_language(locale: str) -> str:
    """The value of ``<Gather language>`` for a locale, which has other names: ``cmn-Hans-CN``."""
    return str(_catalogue(locale).pgettext("Twilio <Gather> language", "en-US"))


@lru_cache(maxsize=256)
def _catalogue(locale: str) -> NullTranslations:
    for name in _spellings(locale):
        path = LOCALES / name / "relay.po"
        if path.is_file():
            compiled = io.BytesIO()
            with path.open("rb") as file:
                write_mo(compiled, read_po(file, locale=name))
            compiled.seek(0)
            return Translations(compiled)
    return NullTranslations()


def _spellings(locale: str) -> list[str]:
    """Folder names to try for a locale, nearest first; ``zh`` is zh_Hans_CN, zh_Hans, zh."""
    try:
        parsed = Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError):
        return []
    likely = get_global("likely_subtags")
    full = Locale.parse(likely.get(str(parsed), str(parsed)))
    parts = [part for part in (full.language, full.script, full.territory) if part]
    return ["_".join(parts[:length]) for length in range(len(parts), 0, -1)]
