from __future__ import annotations

from relay.store.connection import Client
from relay.store.send_rate import SendRate
from tests.world import NOW


def passes(rate: SendRate, seconds: float, *, account: str = "AC1") -> int:
    """Of one who tries a hundred times a second."""
    return sum(
        rate.seconds_until_next(account, now=NOW + tick / 100) == 0
        for tick in range(int(seconds * 100))
    )


def test_without_a_limit_all_pass(client: Client) -> None:
    assert passes(SendRate(client, 0), 1) == 100


def test_so_many_pass_a_second_and_a_quarter_of_them_at_once(client: Client) -> None:
    rate = SendRate(client, 20)
    assert sum(rate.seconds_until_next("AC1", now=NOW) == 0 for _ in range(50)) == 5
    assert 99 <= passes(rate, 5) <= 101


def test_one_a_second_is_one_a_second(client: Client) -> None:
    rate = SendRate(client, 1)
    assert rate.seconds_until_next("AC1", now=NOW) == 0
    assert rate.seconds_until_next("AC1", now=NOW) == 1
    assert rate.seconds_until_next("AC1", now=NOW + 0.75) == 0.25
    assert rate.seconds_until_next("AC1", now=NOW + 1) == 0


def test_workers_share_the_limit_and_accounts_do_not(client: Client) -> None:
    one, other = SendRate(client, 1), SendRate(client, 1)
    assert one.seconds_until_next("AC1", now=NOW) == 0
    assert other.seconds_until_next("AC1", now=NOW) == 1
    assert other.seconds_until_next("AC2", now=NOW) == 0


def test_what_was_not_used_is_not_saved_up(client: Client) -> None:
    rate = SendRate(client, 4)
    assert rate.seconds_until_next("AC1", now=NOW) == 0
    later = [rate.seconds_until_next("AC1", now=NOW + 50) for _ in range(3)]
    assert later == [0, 0.25, 0.25]
