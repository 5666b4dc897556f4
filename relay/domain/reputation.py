"""Whether a number is tired: what analytics firms and carriers hold against a caller, and rest.

They publish neither their rules nor their scores, so every threshold is a pool's policy. The
defaults and where each comes from (``docs/reputation.md`` has the addresses):

=====================  =======  ==================================================================
max_short_share        15 %     Telnyx surcharges above 15 % of connected calls, smrtPhone names the
                                same figure for labels; CallTrackingMetrics' fee begins at 20 %
max_calls_per_minute   10       Arbeit's rule of thumb: 10 a minute, 100 a day, 1,000 a week
max_calls_per_day      100      the same; others advise 75 a day
min_answer_rate        20 %     no figure is published. Twilio: "unreasonable answer and completion
                                rates are often associated with spam". One account of a number that
                                was labelled: from 38 % to 14 %
max_filtered_share     5 %      no figure is published. Kyrios stops an account's texts at 12 % of
                                errors of any kind; filtering alone should weigh sooner
rest_for               a day    PhoneBurner: analytics firms take a flag back in one to three
                                business days; Kyrios stops texts for 24 hours
min_calls, min_texts   20       fewer prove nothing: one short call of six would be 17 %
=====================  =======  ==================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from relay.domain.policy import DAY, Limit, Seconds, Share

HOUR = 3600
#: The sliding window, in seconds; it moves on by whole hours.
WINDOW = 24 * HOUR
#: A talk of less is a short call, in seconds (Telnyx, CallTrackingMetrics).
SHORT_CALL = 6
#: A number at rest recovers only this far inside its thresholds, so that it does not flap.
RECOVERY = 0.8


@dataclass(frozen=True, kw_only=True)
class ReputationPolicy:
    """Thresholds of a pool; None is no threshold. Shares are between 0 and 1, ``rest_for`` is in
    seconds. Below ``min_calls`` ended calls (``min_texts`` texts) no share is concluded from."""

    min_calls: Annotated[Limit, "Below so many ended calls in 24 hours no share counts"] = 20
    min_texts: Annotated[Limit, "Below so many texts in 24 hours no share counts"] = 20
    min_answer_rate: Annotated[Share | None, "A person answers at least this share of calls"] = 0.2
    max_short_share: Annotated[
        Share | None, "At most this share of answered calls is under 6 seconds"
    ] = 0.15
    max_calls_per_minute: Annotated[Limit | None, "At most so many calls begin in one minute"] = 10
    max_calls_per_day: Annotated[Limit | None, "At most so many calls in 24 hours"] = 100
    max_filtered_share: Annotated[
        Share | None, "The carrier filters at most this share of texts"
    ] = 0.05
    rest_for: Annotated[Seconds, "How long a tired number rests at least"] = DAY


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What was dialled and texted with a number as its sender, in the window.

    ``answered`` are calls that a person took or refused by a key: a voicemail that picked up is
    none. ``busiest_minute`` is the most calls that began in one minute of the last hour.
    """

    calls: int = 0
    ended: int = 0
    answered: int = 0
    short: int = 0
    busiest_minute: int = 0
    texts: int = 0
    filtered: int = 0

    @property
    def answer_rate(self) -> float | None:
        return _share(self.answered, self.ended)

    @property
    def short_share(self) -> float | None:
        return _share(self.short, self.answered)

    @property
    def filtered_share(self) -> float | None:
        return _share(self.filtered, self.texts)

    def __add__(self, other: Traffic) -> Traffic:
        """Of two numbers together; the busiest minute is the busier one's."""
        return Traffic(
            calls=self.calls + other.calls,
            ended=self.ended + other.ended,
            answered=self.answered + other.answered,
            short=self.short + other.short,
            busiest_minute=max(self.busiest_minute, other.busiest_minute),
            texts=self.texts + other.texts,
            filtered=self.filtered + other.filtered,
        )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


class Complaint(StrEnum):
    """What is wrong with a tired number."""

    FEW_ANSWERS = "few_answers"
    SHORT_CALLS = "short_calls"
    CALLS_PER_MINUTE = "calls_per_minute"
    CALLS_PER_DAY = "calls_per_day"
    FILTERED_TEXTS = "filtered_texts"


class Condition(StrEnum):
    HEALTHY = "healthy"
    TIRED = "tired"


@dataclass(frozen=True)
class Verdict:
    """``complaints`` in the order of ``Complaint``; none for a healthy number."""

    complaints: tuple[Complaint, ...] = ()

    @property
    def condition(self) -> Condition:
        return Condition.TIRED if self.complaints else Condition.HEALTHY


def judge(traffic: Traffic, policy: ReputationPolicy, *, is_resting: bool = False) -> Verdict:
    """``is_resting``: it must be well inside the thresholds to be healthy again."""
    margin = RECOVERY if is_resting else 1.0
    has_calls = traffic.ended >= policy.min_calls
    has_texts = traffic.texts >= policy.min_texts
    found = {
        Complaint.FEW_ANSWERS: has_calls
        and _is_below(traffic.answer_rate, policy.min_answer_rate, margin),
        Complaint.SHORT_CALLS: has_calls
        and _is_above(traffic.short_share, policy.max_short_share, margin),
        Complaint.CALLS_PER_MINUTE: _is_above(
            traffic.busiest_minute, policy.max_calls_per_minute, margin
        ),
        Complaint.CALLS_PER_DAY: _is_above(traffic.calls, policy.max_calls_per_day, margin),
        Complaint.FILTERED_TEXTS: has_texts
        and _is_above(traffic.filtered_share, policy.max_filtered_share, margin),
    }
    return Verdict(tuple(complaint for complaint in Complaint if found[complaint]))


def _is_above(value: float | None, most: float | None, margin: float) -> bool:
    return value is not None and most is not None and value > most * margin


def _is_below(value: float | None, least: float | None, margin: float) -> bool:
    return value is not None and least is not None and value < min(least / margin, 1.0)


def has_rested(since: int, policy: ReputationPolicy, *, now: float) -> bool:
    """Whether a number has rested as long as it must at least. Instants are POSIX seconds."""
    return now >= since + policy.rest_for
