"""A process that logs everything: whatever is said, printed, warned of or died of is JSON, and a
log that nobody takes fails nothing."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from config.log_output import LineOutput
from tests.architecture.source import ROOT

PHONE = "+14155550101"
BEGIN = "from config.process_log import log_everything; log_everything()\n"


def run(code: str, **options: Any) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and each line of stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        **options,
    )
    assert PHONE[1:] not in done.stdout
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    return done.returncode, lines


def test_what_a_process_dies_of_is_one_line() -> None:
    code, [line] = run(f"def fail():\n  raise ValueError('{PHONE}')\nfail()")
    assert code == 1
    assert (line["event"], line["error"]) == ("process died", "ValueError")
    assert line["where"]
    assert "[number]" not in json.dumps(line), "what an error says may hold anything, so not said"


def test_what_a_thread_dies_of_is_one_line() -> None:
    code, [line] = run(
        "import threading\n"
        f"def fail():\n  raise ValueError('{PHONE}')\n"
        "thread = threading.Thread(target=fail, name='sweeper')\nthread.start(); thread.join()"
    )
    assert code == 0
    assert (line["event"], line["error"]) == ("thread died", "ValueError")
    assert line["thread"] == "sweeper"


def test_an_error_that_nobody_could_raise_is_one_line() -> None:
    code, [line] = run(
        "class Broken:\n  def __del__(self):\n"
        f"    raise ValueError('{PHONE}')\n"
        "broken = Broken()\ndel broken"
    )
    assert code == 0
    assert (line["event"], line["error"]) == ("error ignored", "ValueError")


def test_a_warning_is_one_line() -> None:
    code, [line] = run(f"import warnings\nwarnings.warn('{PHONE} is old')")
    assert code == 0
    assert line["logger"] == "py.warnings"
    assert "[number] is old" in line["event"]


def test_what_anybody_prints_is_a_line_each() -> None:
    code, lines = run(
        "import sys\n"
        "print('to', 'stdout', flush=True)\n"
        f"print('first\\n\\n  {PHONE}', file=sys.stderr)\n"
        "sys.stdout.write('unfinished')\n"
    )
    assert code == 0
    assert [(line["logger"], line["event"]) for line in lines] == [
        ("stdout", "to stdout"),
        ("stderr", "first"),
        ("stderr", "  [number]"),
        ("stdout", "unfinished"),
    ]


def test_what_a_process_ends_with_is_a_line_too() -> None:
    code, [line] = run("raise SystemExit('no such queue')")
    assert (code, line["event"]) == (1, "no such queue")


def test_a_child_may_write_where_its_parent_does() -> None:
    code, _ = run(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'pass'], stdout=sys.stdout, check=True)"
    )
    assert code == 0


SAY = """
import logging, structlog, sys, warnings
for _ in range(2000):
    structlog.get_logger().info("said", padding="x" * 200)
    logging.getLogger("somebody").warning("said")
    print("said")
warnings.warn("said")
sys.exit(7)
"""


def test_a_reader_that_has_gone_fails_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert _exit_code_writing_to(writing) == 7
    os.close(writing)


def test_a_full_disk_fails_nothing() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        assert _exit_code_writing_to(full.fileno()) == 7


def test_a_process_without_stdout_writes_into_no_file_that_took_its_number() -> None:
    said = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, BEGIN + _OPEN_AND_SAY],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, b"")


_OPEN_AND_SAY = """
import os, structlog, tempfile
number, path = tempfile.mkstemp()
structlog.get_logger().error("said")
os._exit(os.path.getsize(path))
"""


def _exit_code_writing_to(fd: int) -> int:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + SAY], cwd=ROOT, stdout=fd, stderr=fd, timeout=60, check=False
    ).returncode


@pytest.mark.parametrize("fields", [{"text": "é" * 9000}, {f"f{n}": "é" * 900 for n in range(50)}])
def test_no_line_is_longer_than_a_pipe_takes_as_a_whole(fields: dict[str, str]) -> None:
    code, [line] = run(f"import structlog\nstructlog.get_logger().error('long', **{fields!r})")
    assert code == 0
    assert line["event"] == "long"
    assert line["shortened"] is True
    assert len(json.dumps(line, ensure_ascii=False).encode()) < 4096


def test_a_long_traceback_keeps_its_end() -> None:
    chain = "".join(f"def f{n}(): f{n - 1}()\n" for n in range(1, 200))
    _, [line] = run(
        "import structlog\ndef f0(): int('no number')\n"
        f"{chain}try:\n  f199()\n"
        "except ValueError:\n  structlog.get_logger().exception('broken')"
    )
    assert line["shortened"] is True
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("invalid literal for int() with base 10: 'no number'")


def test_lines_go_to_a_stream_without_a_file_too() -> None:
    stream = io.StringIO()
    output = LineOutput(stream)
    output.write("said\n")
    stream.close()
    output.write("lost\n")
    with pytest.raises(io.UnsupportedOperation):
        output.fileno()


def test_half_a_character_is_written_as_its_number(tmp_path: Any) -> None:
    with (tmp_path / "log").open("w") as file:
        LineOutput(file).write("half \ud83d\n")
    assert re.fullmatch(r"half \\ud83d\n", (tmp_path / "log").read_text())


def test_configuring_again_keeps_what_was_printed_a_line() -> None:
    code, [line] = run(
        "from config.logging import configure_logging\nconfigure_logging()\nprint(1)"
    )
    assert (code, line["event"]) == (0, "1")
