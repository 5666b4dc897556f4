"""The two kinds of people a session connects, and what may be said of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo

from relay.domain.errors import Fault
from relay.domain.free_text import (
    HOLDS_NUMBER,
    is_phone_number,
    is_unreadable,
    read_numbers,
    ref_holds,
    repeats_phone,
)
from relay.domain.guard import Guard, GuardKind, GuardStyle
from relay.domain.message_progress import Reach
from relay.domain.phone import PhoneNumber

#: The caller's own id for a person. ``.`` and ``..`` would be steps of a path.
REF = re.compile(r"[.]{0,63}[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
LONGEST_REF = 64
REF_IN_WORDS = "1 to 64 of A-Z a-z 0-9 . _ -, not dots alone"
LOCALE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
LONGEST_NAME = 100
#: A comma is sent as two keys, and the carrier takes 32 (TW-send-digits).
LONGEST_EXTENSION = 16
EXTENSION = re.compile(f"[0-9*#,]{{0,{LONGEST_EXTENSION}}}")


class Role(StrEnum):
    RECRUITER = "recruiter"
    CANDIDATE = "candidate"

    @property
    def other(self) -> Role:
        return Role.CANDIDATE if self is Role.RECRUITER else Role.RECRUITER

    @property
    def default_guard(self) -> Guard:
        """Candidates are asked before a call is connected; recruiters are not, for a switchboard
        cannot press keys."""
        return _ASKED if self is Role.CANDIDATE else _NOT_ASKED


_ASKED, _NOT_ASKED = Guard(kind=GuardKind.KEYS), Guard(kind=GuardKind.NONE)


class ParticipantStatus(StrEnum):
    ACTIVE = "active"
    #: Another candidate took the phone over; a PUT with a new one makes this record active again.
    WITHOUT_PHONE = "without_phone"


@dataclass(frozen=True, kw_only=True)
class Participant:
    """A person as the store keeps them: the phone only sealed (``sealed_phone``) and indexed.

    ``phone_indexes`` are the keyed hashes of the phone under every index key in use, the writing
    key's first, and ``index_key_ids`` those keys' ids.
    """

    ref: str
    role: Role
    status: ParticipantStatus
    sealed_phone: str
    phone_indexes: tuple[str, ...]
    index_key_ids: tuple[str, ...] = ()
    phone_hint: str
    country: str
    locale: str
    name: str = ""
    organization: str = ""
    time_zone: str = ""
    #: Whether texts reach the phone, by the last one that was tried.
    sms: Reach = Reach.OK
    #: How their leg is guarded, stamped (``workflows/stamp_guard.py``); "" for the role's default.
    stamped_guard: str = ""
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, kw_only=True)
class RecruiterDetails:
    """What a request says of a recruiter. None leaves what is known, or takes the default; a change
    that leaves the phone says none."""

    phone: str = ""
    name: str | None = None
    organization: str | None = None
    locale: str | None = None
    #: The human-answer guard for the recruiter's own leg (switchboards cannot press keys).
    screen_calls: bool | None = None
    #: Keys behind the phone, a switchboard's; "" for none. It goes when the phone changes.
    extension: str | None = None

    def guard_after(self, guard: Guard) -> Guard:
        """The person's guard after this request, which was ``guard`` before."""
        if self.screen_calls is None:
            return guard
        return replace(guard, kind=GuardKind.KEYS if self.screen_calls else GuardKind.NONE)


@dataclass(frozen=True, kw_only=True)
class CandidateDetails:
    """What a request says of a candidate, as ``RecruiterDetails``."""

    phone: str = ""
    locale: str | None = None
    time_zone: str | None = None
    guard: GuardKind | None = None
    guard_style: GuardStyle | None = None

    def guard_after(self, guard: Guard) -> Guard:
        """The person's guard after this request, which was ``guard`` before."""
        return Guard(kind=self.guard or guard.kind, style=self.guard_style or guard.style)


def faults_of_ref(ref: str, phone: PhoneNumber | None) -> Iterator[Fault]:
    """Why a ref cannot be taken. No fault repeats what was given."""
    if not REF.fullmatch(ref) or len(ref) > LONGEST_REF:
        yield Fault("/ref", REF_IN_WORDS)
    elif is_phone_number(ref) or (phone is not None and ref_holds(ref, phone)):
        yield Fault("/ref", HOLDS_NUMBER)


def faults_of_recruiter(details: RecruiterDetails, phone: PhoneNumber | None) -> Iterator[Fault]:
    """Why details cannot be taken. A fault may name words that were given, but never the phone."""
    for field in ("name", "organization"):
        text = getattr(details, field) or ""
        if len(text) > LONGEST_NAME:
            yield Fault(f"/{field}", f"at most {LONGEST_NAME} characters")
        elif is_unreadable(text):
            yield Fault(f"/{field}", "no control characters")
        elif phone is not None and repeats_phone(text, phone):
            yield Fault(f"/{field}", HOLDS_NUMBER)
        elif fault := read_numbers(text).fault:
            yield Fault(f"/{field}", fault)
    if not EXTENSION.fullmatch(details.extension or ""):
        yield Fault("/extension", f"at most {LONGEST_EXTENSION} of 0-9 * # and commas")
    yield from _faults_of_locale(details.locale)


def faults_of_candidate(details: CandidateDetails) -> Iterator[Fault]:
    yield from _faults_of_locale(details.locale)
    if details.time_zone and not _is_time_zone(details.time_zone):
        yield Fault("/time_zone", "a name of the IANA time zone database, like Asia/Shanghai")


def _faults_of_locale(locale: str | None) -> Iterator[Fault]:
    if locale is not None and not LOCALE.fullmatch(locale):
        yield Fault("/locale", "a language like en or zh-CN")


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of zones
        return False
    return True
