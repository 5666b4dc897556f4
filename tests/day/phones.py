"""What people's phones are, and what happens when they ring."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from relay.domain.guard import GuardStyle
from relay.domain.participant import CandidateDetails, RecruiterDetails
from relay.sandbox import (
    Answer,
    Busy,
    Decline,
    NoAnswer,
    Screening,
    SimulatedCarrier,
    Voicemail,
)
from relay.sandbox.behaviour import Behaviour
from tests.day.plan import Plan
from tests.month.board import Details
from tests.month.people import Candidate, People, Recruiter

GREETING = "This is the private mailbox of somebody. Please leave a message."
ORGANIZATION = "Acme"
#: Of a landline that the carrier finds out about only when it sends.
_NO_HANDSET_THERE = 30006


class Kind(StrEnum):
    PLAIN = "plain"
    SCREENING = "screening"
    LANDLINE = "landline"
    OPTED_OUT = "opted out"
    AUTOMATIC = "automatic"


@dataclass(frozen=True)
class Ringing:
    """What a phone does this time. ``has_owner``: somebody picks up; ``presses_two``: to hear who
    calls."""

    behaviour: Behaviour
    has_owner: bool
    presses_two: bool = False


class Phones:
    def __init__(
        self, carrier: SimulatedCarrier, people: People, plan: Plan, chance: random.Random
    ) -> None:
        self._carrier = carrier
        self._chance = chance
        self._kinds: dict[str, Kind] = {}
        for group in (people.recruiters, people.candidates):
            self._hand_out({one.phone for one in group} - self._kinds.keys(), plan)
        styles = [*[GuardStyle.DISCREET] * 4, GuardStyle.NAMED]
        self.styles = {one.ref: chance.choice(styles) for one in people.candidates}
        # Recruiters with an assistant have their guard on, and so have some others.
        self.guarded = {
            one.ref
            for one in people.recruiters
            if self.kind_of(one.phone) is Kind.SCREENING or chance.random() < 0.3
        }
        self._set_up()

    def _hand_out(self, phones: set[str], plan: Plan) -> None:
        shares = {
            Kind.SCREENING: plan.screening,
            Kind.LANDLINE: plan.landlines,
            Kind.OPTED_OUT: plan.opted_out,
            Kind.AUTOMATIC: plan.automatic,
        }
        left = sorted(phones)
        self._chance.shuffle(left)
        for kind, share in shares.items():
            for _ in range(max(1, round(share * len(phones)))):
                self._kinds[left.pop()] = kind
        self._kinds.update(dict.fromkeys(left, Kind.PLAIN))

    def _set_up(self) -> None:
        for place, phone in enumerate(self.of_kind(Kind.LANDLINE)):
            if place % 2:
                self._carrier.faults.messages.not_sms_capable.add(phone)
            else:
                self._carrier.faults.messages.fail(to=phone, code=_NO_HANDSET_THERE)
        for place, phone in enumerate(self.of_kind(Kind.AUTOMATIC)):
            words = f"I am driving and cannot read this now. Automatic answer {place}."
            self._carrier.phone(phone).auto_reply = words

    def kind_of(self, phone: str) -> Kind:
        return self._kinds.get(phone, Kind.PLAIN)

    def of_kind(self, kind: Kind) -> Iterator[str]:
        return (phone for phone, its_kind in self._kinds.items() if its_kind is kind)

    def count(self, kind: Kind) -> int:
        return sum(1 for _ in self.of_kind(kind))

    def details_of(self, person: Recruiter | Candidate) -> Details:
        """As the board puts them on record."""
        if isinstance(person, Recruiter):
            return RecruiterDetails(
                phone=person.phone,
                name=person.ref,
                organization=ORGANIZATION,
                screen_calls=person.ref in self.guarded,
            )
        return CandidateDetails(phone=person.phone, guard_style=self.styles[person.ref])

    def prepare(self, phone: str) -> Ringing:
        """Decides what the phone does when it rings next."""
        is_screening = self.kind_of(phone) is Kind.SCREENING
        ringing = self._assistant() if is_screening else self._somebody()
        self._carrier.phone(phone).on_ring = ringing.behaviour
        return ringing

    def _assistant(self) -> Ringing:
        """Of every five calls an assistant announces, one is let be."""
        chance = self._chance
        preamble = chance.uniform(4, 12)
        has_owner = chance.random() < 0.8
        keys = chance.choice(["1", "1", "1", "21"])
        behaviour = Screening(
            preamble=f"{GREETING} Or say who calls and why.",
            preamble_seconds=preamble,
            listens_seconds=chance.uniform(9, 12),
            owner_after=max(preamble + 8, chance.gauss(25, 2)) if has_owner else None,
            keys=keys,
        )
        return Ringing(behaviour, has_owner, presses_two="2" in keys)

    def _somebody(self) -> Ringing:
        chance = self._chance
        keys = chance.choice(["1", "1", "1", "1", "21"])
        rings = chance.uniform(1, 15)
        hello = chance.choice(["", "Hello?"])
        somebody = Answer(keys=keys, ring_seconds=rings, hello=hello)
        greeting = GREETING + " Goodbye." * chance.randrange(40)
        behaviour = chance.choices(
            [
                somebody,
                Voicemail(greeting=greeting, ring_seconds=chance.uniform(0, 20)),
                NoAnswer(),
                Busy(),
                Decline(),
            ],
            weights=[66, 18, 8, 4, 4],
        )[0]
        return Ringing(behaviour, behaviour is somebody, presses_two="2" in keys)
