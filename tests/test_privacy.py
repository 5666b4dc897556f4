"""The watch over logs and commands sees what it is there for (P2)."""

from __future__ import annotations

import logging

import pytest
import structlog

from tests.fake_redis import FakeRedis
from tests.privacy import WATCH, numbers_in

ODD = pytest.mark.plants_numbers


@pytest.mark.parametrize(
    "spelling",
    [
        *("+12125550101", "212-555-0101", "+1 (212) 555 0149", "tel:+13105550127", "555.0116"),
        *("From=%2B13105550127&To=x", '{"to": "13105550127"}', "recruiter:+13105550127"),
    ],
)
def test_a_persons_number_is_seen_in_any_spelling(spelling: str) -> None:
    assert numbers_in(spelling)


@pytest.mark.parametrize(
    "other",
    ["+14155550192", "SM" + "5550101".zfill(32), "AC" + "5" * 32, "1790000000.5", "us.SM5550101a"],
)
def test_what_is_no_persons_number_is_none(other: str) -> None:
    assert not numbers_in(other)


@ODD
def test_a_log_line_is_seen_as_it_was_written() -> None:
    log = structlog.get_logger().bind(receiver="+13105550127")
    for say in (
        lambda: log.info("something sent"),
        lambda: structlog.get_logger().warning("to +13105550127"),
        lambda: structlog.get_logger().info("something sent", body="hello there"),
        lambda: logging.getLogger("urllib3").warning("to %s", "+13105550127"),
    ):
        say()
        assert len(WATCH.take()) == 1


@ODD
def test_a_command_to_redis_is_seen_in_key_and_value_alone_and_by_the_dozen() -> None:
    client = FakeRedis()
    client.set("+13105550127", "x")
    client.hset("key", "field", "call (310) 555-0127")
    with client.pipeline() as pipe:
        pipe.sadd("key-of-numbers", "+13105550127")
        pipe.execute()
    client.eval("return ARGV[1]", 0, "+13105550127")
    assert len(WATCH.take()) == 4
