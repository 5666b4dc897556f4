"""What may be wrong between the carrier's list of numbers and the pools."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Discrepancy(StrEnum):
    #: Rented, and a purchase of it has not ended.
    PURCHASE_UNFINISHED = "purchase_unfinished"
    #: Rented, and its release is on record.
    RELEASE_UNFINISHED = "release_unfinished"
    #: Bought by a pool, in none, and nothing on record says why: only a person may decide.
    UNUSED = "unused"
    #: Rented, in no pool, and not bought by us: another application's perhaps.
    FOREIGN = "foreign"
    #: In a pool, and not rented any more.
    MISSING = "missing"
    #: It was taken for lost, and is rented after all.
    RETURNED = "returned"
    #: In a pool, and rented by another account than the one whose credentials we have.
    OTHER_ACCOUNT = "other_account"
    #: In a pool, and rented anew since, or by another account that is ours now: our record is that
    #: of an earlier rental.
    RENTED_ANEW = "rented_anew"
    #: Its calls or texts go elsewhere.
    POINTS_ELSEWHERE = "points_elsewhere"
    #: Not in the messaging service that texts go through.
    NOT_JOINED = "not_joined"

    @property
    def is_trouble(self) -> bool:
        return self is not Discrepancy.FOREIGN


@dataclass(frozen=True, kw_only=True)
class Finding:
    """``error`` is the carrier's code where a repair failed, else 0. A foreign number has neither
    board nor pool."""

    kind: Discrepancy
    number: str
    board: str = ""
    pool: str = ""
    is_repaired: bool = False
    error: int = 0


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One look at all numbers of an account, ``at`` POSIX seconds, and how many it rents."""

    at: int
    rented: int
    findings: tuple[Finding, ...]

    def count(self, kind: Discrepancy, *, is_repaired: bool) -> int:
        return sum(
            finding.kind is kind and finding.is_repaired is is_repaired for finding in self.findings
        )
