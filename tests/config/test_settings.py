"""What a start with wrong settings says."""

import pytest

from config.settings import Settings, SettingsError, load_settings
from tests.world import make_settings

WRONG = {
    "TWILIO_ACCOUNT_SID": ("AC1", "must be AC and 32 letters and digits"),
    "TWILIO_MESSAGING_SERVICE_SID": ("MG1", "must be MG and 32 letters and digits, or nothing"),
    "DEFAULT_LOCALE": ("English", "must be a language, such as en or zh-CN"),
    "LOG_LEVEL": ("loud", "must be DEBUG, INFO, WARNING or ERROR"),
    "PUBLIC_BASE_URL": ("relay", "must look like https://relay.example.com"),
    "RELAY_SEALING_KEYS": ("short", "a bare secret needs at least 16 characters"),
}


def test_wrong_settings_are_all_told_in_plain_words():
    with pytest.raises(SettingsError) as raised:
        make_settings(**{name: value for name, (value, _) in WRONG.items()})

    assert sorted(raised.value.problems) == sorted(
        f"{name}: {said}" for name, (_, said) in WRONG.items()
    )


def test_the_last_line_says_where_to_look():
    with pytest.raises(SettingsError) as raised:
        load_settings({})

    assert str(raised.value).splitlines()[-1] == (
        "`python -m relay secrets` prints the two keys; .env.example explains the rest."
    )


def test_every_pattern_has_its_words():
    with_pattern = {
        name.upper()
        for name, setting in Settings.model_fields.items()
        if any(getattr(rule, "pattern", None) for rule in setting.metadata)
    }

    assert with_pattern
    for name in with_pattern:
        with pytest.raises(SettingsError, match=f"{name}: must be "):
            make_settings(**{name: "!"})
