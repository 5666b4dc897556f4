"""A smaller board's day; `make day` has the full one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rich.console import Console

from relay.carrier.announcements import Announcement, text
from relay.domain.notices import Notice
from relay.sandbox.phone import ReceivedText
from tests.day.day import live_through
from tests.day.notices import read_notice
from tests.day.plan import SHORT
from tests.day.summary import claims, show
from tests.world import ENVIRONMENT, NUMBER


@pytest.mark.slow
@pytest.mark.real_redis
@pytest.mark.timeout(200)
def test_nobody_is_wrong_no_text_is_untold_and_nothing_loops(tmp_path):
    """P1, P2, P4, and the guard's goals, among today's phones and in a bad minute or two."""
    day = live_through(SHORT, tmp_path)
    show(Console(), day)  # with what pytest keeps of a failed test
    assert [claim.what for claim in claims(day) if not claim.holds] == []
    met = day.tally.counts
    for what in (
        "assistants' owners",
        "voicemails or assistants alone",
        "STOPs",
        "told",
        "automatic answers relayed",
        "requests refused",
        "sessions on the lost number",
        "reports lost",
        "filtered",
    ):
        assert met[what] > 0, f"this seed met no {what}"


@pytest.mark.parametrize("notice", Notice)
@pytest.mark.parametrize(("code", "count"), [("", 1), ("482913", 12)])
def test_what_the_relay_tells_people_is_read_for_what_it_is(notice, code, count):
    words = text(Announcement(notice), "en", count, board=ENVIRONMENT["BOARD_NAME"])
    prefix = f"{code} Nurse, night shift: " if code else ""
    received = ReceivedText(NUMBER, prefix + words, datetime.now(UTC), "SM1")
    told = read_notice(received)
    assert told is not None
    assert told.notice is notice
    assert told.code == ("" if notice is Notice.WHICH_SESSION else code)
