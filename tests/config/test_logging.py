from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from config.logging import MaskNumbers, configure_logging, mask, show_numbers


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "number",
    [
        "+14155550101",
        "14155550101",
        "+1 (415) 555-0101",
        "415.555.0101",
        "%2B14155550101",
        "+8613800138000",
        "from+14155550101",
    ],
)
def test_whatever_looks_like_a_number_is_masked(number: str) -> None:
    assert mask(f"call {number}, please") == f"call {mask(number)}, please"
    assert not any(character.isdigit() for character in mask(number))


@pytest.mark.parametrize(
    "harmless",
    [
        "us.SM12345678901234567890123456789012",
        "us.7k2m9x4v0q1z",
        "2026-11-23T22:04:40.491511Z",
        "took 12345 ms",
        "code 21610",
        "",
    ],
)
def test_ids_times_and_codes_are_left_alone(harmless: str) -> None:
    assert mask(harmless) == harmless


def test_masking_goes_into_everything_that_is_said() -> None:
    error = ValueError("+14155550101")
    said = {"a": ["+14155550101", 7], "b": None, "c": True, "d": error}
    assert mask(said) == {
        "a": ["[number]", 7],
        "b": None,
        "c": True,
        "d": "ValueError('[number]')",
    }


def test_a_line_is_one_json_object_with_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")
    structlog.get_logger().info("text sent", message="us.SM1")
    [line] = lines(capsys)
    assert (line["event"], line["message"], line["level"]) == ("text sent", "us.SM1", "info")
    assert "timestamp" in line


def test_p2_a_virtual_number_is_shown_only_when_it_is_known_to_be_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A webhook names it, and a parameter that was shifted named a candidate's number there."""
    configure_logging()
    show_numbers(lambda _: False)  # a test before may have built a deployment here
    for number in ("+14155550192", "+13105550127"):
        structlog.get_logger().info("text received", virtual_number=number)
    show_numbers({"+14155550192"}.__contains__)
    for number in ("+14155550192", "+13105550127"):
        structlog.get_logger().info("text received", virtual_number=number)
    show_numbers(lambda _: False)
    shown = [line["virtual_number"] for line in lines(capsys)]
    assert shown == ["[number]", "[number]", "+14155550192", "[number]"]


@pytest.mark.parametrize(
    "path", ["/v1/candidates/c-310-555-0127_y", "/twilio/3105550127abc", "/v1/%2B13105550127"]
)
def test_p2_paths_of_gunicorns_debug_lines_are_masked(path: str) -> None:
    record = logging.LogRecord("gunicorn.error", logging.DEBUG, "", 0, "GET %s", (path,), None)
    assert MaskNumbers().filter(record)
    assert not re.search(r"\d{4}", record.getMessage())


def test_everybody_else_s_lines_leave_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """P2"""
    configure_logging("INFO")
    logging.getLogger("somebody").warning("called %s", "+14155550101")
    logging.getLogger("rq.worker").info("job with arguments")
    logging.getLogger("twilio.http_client").info("POST To=+14155550101")
    [line] = lines(capsys)
    assert (line["event"], line["logger"]) == ("called [number]", "somebody")


def test_a_traceback_tells_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("+14155550101")

    configure_logging("INFO")
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("broken")
        logging.getLogger("somebody").exception("broken")
    said = lines(capsys)
    assert len(said) == 2
    assert all("14155550101" not in json.dumps(line) for line in said)
    assert all("ValueError" in str(line["exception"]) for line in said)


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("WARNING")
    structlog.get_logger().info("quiet")
    assert lines(capsys) == []
