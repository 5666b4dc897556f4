"""What a developer sees at /docs: the page in a real browser, and what it is stopped from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browser import Browser, find_chromium
from tests.e2e.stage import Stage

#: The address of an operation on the page, its heading, and its button.
LISTING = "#tag/pools/GET/v1/pools", "List the pools by name", "Test Request(get /v1/pools)"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium here: `make test` installs it on Debian")
    with Browser(program, tmp_path / "profile") as browser:
        yield browser


def open_page(
    browser: Browser, stage: Stage, place: str = "", shown: str = "pool_exhausted"
) -> str:
    """What is far from the place is not drawn yet; the beginning, with the codes, always is."""
    base_url = stage.service.base_url
    browser.open("about:blank")
    browser.open(f"{base_url}/docs{place}")
    browser.wait_for(f"document.body?.innerText.includes({shown!r})")
    return base_url


def assert_it_stayed_here(browser: Browser, base_url: str) -> None:
    assert browser.complaints() == []
    outside = {url for url in browser.requested() if not url.startswith((f"{base_url}/", "data:"))}
    assert outside == set()


def test_it_shows_the_api_and_reaches_out_to_nobody(browser: Browser, shared_stage: Stage) -> None:
    base_url = open_page(browser, shared_stage)
    text = browser.run("document.body.innerText")
    assert "Authorization: Bearer" in text
    assert "Give a pair its virtual number" in text

    open_page(browser, shared_stage, "#tag/sessions/POST/v1/sessions", "create_session")
    text = browser.run("document.body.innerText")
    assert "Needs the scope sessions." in text
    assert f"curl {base_url}/v1/sessions" in text
    links = browser.run("[...document.links].map(each => each.getAttribute('href'))")
    assert links
    assert [each for each in links if not each.startswith(("#", "/openapi", "https://"))] == []
    assert_it_stayed_here(browser, base_url)


def test_a_request_is_tried_there_with_a_key_that_is_not_kept(
    browser: Browser, shared_stage: Stage
) -> None:
    place, heading, button = LISTING
    base_url = open_page(browser, shared_stage, place, heading)
    browser.type_into("input[placeholder='Token']", shared_stage.api.key)
    browser.click(button)
    browser.click(f"SendSend get request to {base_url}/v1/pools")
    browser.wait_for("document.body.innerText.includes('200 OK')")

    assert "allowed_countries" in browser.run("document.body.innerText")
    stored = browser.run("JSON.stringify([Object.entries(localStorage), document.cookie])")
    assert shared_stage.api.key not in stored
    assert_it_stayed_here(browser, base_url)


def test_what_the_policy_stops_would_be_seen(browser: Browser, shared_stage: Stage) -> None:
    base_url = open_page(browser, shared_stage)
    browser.run("fetch('https://elsewhere.example/').catch(() => null)")
    browser.run("eval.call(null, '1')", may_fail=True)

    assert len(browser.complaints()) >= 2
    with pytest.raises(AssertionError):
        assert_it_stayed_here(browser, base_url)
