"""Every setting stands in config/settings.py, in .env.example and in the README's table, and has
the same default in all three."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from config.settings import Settings, load_settings
from relay.sandbox.procfile import ROOT
from tests.deployments import settings_in_example

EXAMPLE = settings_in_example()
FIELDS = {name.upper(): field for name, field in Settings.model_fields.items()}
#: Defaults of one word or number, as they are written.
PLAIN = {
    name: str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    for name, field in FIELDS.items()
    if isinstance(field.default, bool | int | str) and field.default != ""
}
NEEDED = {
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "PUBLIC_BASE_URL": "https://relay.example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a token",
    "RELAY_SEALING_KEYS": "a secret of thirty-two characters",
    "RELAY_INDEX_KEYS": "another one of thirty-two characters",
}


def rows(page: Path) -> dict[str, str]:
    """The last cell of each row of a table of settings, by the setting; a row can have several, and
    then as many defaults with commas between."""
    found: dict[str, str] = {}
    for line in page.read_text().splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            names = re.findall(r"`([A-Z][A-Z_]+)`", cells[0])
            defaults = cells[-1].strip(" |").split(", ") if len(names) > 1 else [cells[-1]]
            found |= dict(zip(names, [*defaults, *[defaults[-1]] * len(names)], strict=False))
    return found


README = rows(ROOT / "README.md")


def test_every_setting_stands_in_all_three() -> None:
    assert {*EXAMPLE} == {*FIELDS}
    assert {*README} == {*FIELDS}


@pytest.mark.parametrize("name", sorted(EXAMPLE))
def test_what_the_example_gives_is_the_default(name: str) -> None:
    """An empty line is a setting that has no default, or one that a line cannot hold."""

    def loaded(value: str) -> Any:
        return getattr(load_settings(NEEDED | {name: value}), name.lower())

    if EXAMPLE[name]:
        assert loaded(EXAMPLE[name]) == FIELDS[name].get_default(call_default_factory=True)
    assert EXAMPLE[name] == PLAIN.get(name, "")


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_the_table_gives_the_same_default(name: str) -> None:
    assert README[name].replace("`", "").partition(" (")[0] == PLAIN[name]


def test_the_table_says_what_is_needed() -> None:
    needed = {name for name, default in README.items() if default == "needed"}
    required = {name for name, field in FIELDS.items() if field.default is PydanticUndefined}

    # A platform provides the one; an API key does for the other, but not in web.
    assert needed == required - {"PUBLIC_BASE_URL"} | {"TWILIO_AUTH_TOKEN"}
