"""P2: a real number is in clear only where it is dialled or texted."""

from __future__ import annotations

from relay.sandbox.leak_search import everything_in_files, everything_in_redis, holds_number
from tests.e2e.stage import PEOPLE


def test_p2_no_real_number_is_in_redis_its_files_or_the_logs(stage):
    session = stage.open()
    stage.phone("rita").call(session["virtual_number"]).wait(20)
    stage.phone("rita").text(session["virtual_number"], "a text nobody may read").wait()
    stage.phone("carl").wait_for_text()
    stage.phone("nora").call(session["virtual_number"]).wait(20)

    directory = stage.service.directory
    places = [
        everything_in_redis(stage.service.redis.url),
        everything_in_files(directory, "*.log"),
        everything_in_files(directory / "redis", "**/*"),
    ]

    assert all(len(place) > 1_000 for place in places)
    for number in map(stage.number, PEOPLE):
        assert not any(holds_number(place, number) for place in places)
    assert not any(b"a text nobody may read" in place for place in places)


def test_p2_no_answer_of_the_api_holds_a_real_number(stage):
    session = stage.open()
    answers = [
        stage.api.send("GET", path).text
        for path in (
            "/v1/sessions",
            f"/v1/sessions/{session['id']}",
            f"/v1/sessions/{session['id']}/interactions",
            "/v1/recruiters/rita",
            "/v1/candidates/carl",
            "/v1/numbers",
            "/v1/pools",
            "/metrics",
            "/openapi.json",
            "/docs",
        )
    ]

    for number in map(stage.number, PEOPLE):
        assert not any(holds_number(answer.encode(), number) for answer in answers)
