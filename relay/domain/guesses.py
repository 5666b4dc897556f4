"""How often something may be compared with a phone on record, so that the API is no directory
(P2)."""

from __future__ import annotations

from dataclasses import dataclass

from relay.domain.participant import Role

#: Guesses are forgotten after this many seconds.
WINDOW = 24 * 3600


@dataclass(frozen=True)
class Budget:
    """Guesses in the window: ``of`` one person's phone, and ``by`` one API key of all; for so many
    phones that the key has put on record it has one more (``docs/threat-model.md``)."""

    kind: str
    of: int
    by: int
    registered_a_guess: int


#: Different phones that count for a key's budgets, however many it has put on record. Records would
#: not do: they are made and erased at will.
MOST_REGISTERED = 100_000
#: Phones that are given for somebody who has another one, or that somebody else has.
PHONES = Budget("phone", of=5, by=150, registered_a_guess=100)
#: Digits in a context that may be a phone of the pair, and are mostly a reference.
#: A recruiter's contexts are those of many candidates.
CONTEXTS = {
    Role.CANDIDATE: Budget("context", of=50, by=1_000, registered_a_guess=10),
    Role.RECRUITER: Budget("context", of=1_000, by=1_000, registered_a_guess=10),
}
#: Phones of the other side that a person may be paired with in a day, without a session with them
#: on record: to open a session, or to change a phone beside an open one, is to have two phones
#: compared.
MOST_NEW_COUNTERPARTS = {Role.CANDIDATE: 100, Role.RECRUITER: 5_000}
#: Says neither which budget is used up nor whether the guess was right.
TOO_MANY_GUESSES = (
    "Too many phones, or long numbers in a context, were given in a day for this person or by this "
    "key (docs/api.md, Participants); try again later."
)
TOO_MANY_NEW_COUNTERPARTS = "Too many new counterparts in a day."
