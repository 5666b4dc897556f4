"""What a look at all numbers of an account has found."""

from __future__ import annotations

from relay.domain.number_comparison import Comparison, Discrepancy, Finding


def test_findings_are_counted_by_kind_and_by_whether_they_are_repaired() -> None:
    missing, unused = Discrepancy.MISSING, Discrepancy.UNUSED
    found = [(missing, True), (missing, True), (missing, False), (unused, False)]
    comparison = Comparison(
        at=0,
        rented=4,
        findings=tuple(
            Finding(kind=kind, number=f"+1415555015{place}", is_repaired=is_repaired)
            for place, (kind, is_repaired) in enumerate(found)
        ),
    )

    assert comparison.count(missing, is_repaired=True) == 2
    assert comparison.count(missing, is_repaired=False) == 1
    assert comparison.count(unused, is_repaired=True) == 0
    assert comparison.count(unused, is_repaired=False) == 1


def test_another_applications_number_is_no_trouble() -> None:
    assert [kind for kind in Discrepancy if not kind.is_trouble] == [Discrepancy.FOREIGN]
