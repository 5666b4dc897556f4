"""What a start with wrong settings says."""

import subprocess
import sys

import pytest

from config.redis_location import Sentinels, locate_redis
from config.settings import SHORTEST_RETENTION, Settings, SettingsError, load_settings
from relay.domain.pool import LONGEST_TEXT_LIFETIME
from relay.store.send_leases import NOTICE_LIFETIME
from tests.architecture.source import ROOT
from tests.world import ENVIRONMENT, make_settings

WRONG = {
    "TWILIO_ACCOUNT_SID": ("AC1", "must be AC and 32 letters and digits"),
    "TWILIO_MESSAGING_SERVICE_SID": (
        "MG1",
        "must be MG and 32 letters and digits (one or several, with commas)",
    ),
    "TWILIO_API_KEY_SID": ("SK1", "must be SK and 32 letters and digits, or nothing"),
    "TWILIO_REGION": ("Ireland", "must be a region of Twilio, such as ie1, or nothing"),
    "DEFAULT_LOCALE": ("English", "must be a language, such as en or zh-CN"),
    "LOG_LEVEL": ("loud", "must be DEBUG, INFO, WARNING or ERROR"),
    "PUBLIC_BASE_URL": ("relay", "must look like https://relay.example.com"),
    "PUBLIC_BASE_URL_PREVIOUS": (
        "http://a_b.example",
        "Twilio refuses host names with an underscore",
    ),
    "VOICE_FALLBACK_URL": ("sorry.xml", "must look like https://static.example.com/sorry.xml"),
    "SMS_FALLBACK_URL": ("ftp://a.example", "must look like https://static.example.com/sorry.xml"),
    "RELAY_SEALING_KEYS": ("short", "a bare secret needs at least 16 characters"),
    "SAY_VOICES": ("fr-FR=woman", "must look like en-US=Polly.Joanna,cmn-CN=Polly.Zhiyu"),
    "RECORD_RETENTION": (
        "604799",
        "must be 604800 (a week) at least: a text that waits is on record",
    ),
    "CLIENT_SLOTS": ("-1", "Input should be greater than or equal to 0"),
}


def test_wrong_settings_are_all_told_in_plain_words():
    with pytest.raises(SettingsError) as raised:
        make_settings(**{name: value for name, (value, _) in WRONG.items()})

    assert sorted(raised.value.problems) == sorted(
        f"{name}: {said}" for name, (_, said) in WRONG.items()
    )


@pytest.mark.parametrize("name", ["VOICE_FALLBACK_URL", "SMS_FALLBACK_URL"])
def test_an_address_with_a_blank_is_none(name):
    assert problems_of(**{name: "https://static.example.com/so sorry.xml"}) == [
        f"{name}: must look like https://static.example.com/sorry.xml, with no blank"
    ]


def test_a_record_outlives_the_wait_of_its_text_and_of_the_notice_about_it():
    assert SHORTEST_RETENTION >= LONGEST_TEXT_LIFETIME + NOTICE_LIFETIME


def test_a_record_is_kept_for_ten_years_at_most():
    assert make_settings(RECORD_RETENTION="315360000").record_retention == 315_360_000
    for seconds in ("315360001", "1" + "0" * 17):
        assert problems_of(RECORD_RETENTION=seconds) == [
            "RECORD_RETENTION: must be 315360000 (ten years) at most"
        ]


def test_every_number_has_a_least_and_a_most():
    numbers = {
        name.upper() for name, field in Settings.model_fields.items() if field.annotation is int
    }

    assert "TEXTS_PER_SECOND" in numbers
    for name in numbers:
        for absurd in ("-1", "1" + "0" * 17):
            [problem] = problems_of(**{name: absurd})
            assert problem.startswith(f"{name}: ")


@pytest.mark.parametrize(
    "setting", ["PUBLIC_BASE_URL", "PUBLIC_BASE_URL_PREVIOUS", "TWILIO_API_BASE_URL"]
)
@pytest.mark.parametrize(
    "url",
    [
        "https://relay.example.com?a=b",
        "https://relay.example.com/?",
        "https://relay.example.com/#top",
        "https://rita:s3cretpw@relay.example.com",
        "https://relay.example.com ",
        "https://relay.example.com:s3cretpw",
        "https://[relay.example.com",
    ],
)
def test_an_address_to_which_paths_are_added_ends_with_a_path(setting, url):
    [problem] = problems_of(**{setting: url})

    assert problem.startswith(f"{setting}: must look like https://relay.example.com")
    assert "s3cretpw" not in problem


def test_a_board_s_name_can_be_said():
    assert problems_of(BOARD_NAME="   ") == ["BOARD_NAME is blank: it is said first in a call"]


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


def test_a_language_that_is_not_named_keeps_its_voice():
    settings = make_settings(SAY_VOICES="en-US=Google.en-US-Standard-C")

    assert settings.say_voices == {"en-US": "Google.en-US-Standard-C", "cmn-CN": "Polly.Zhiyu"}


@pytest.mark.parametrize(
    ("voices", "said"),
    [
        ("fr-FR=Polly.Lea", "fr-FR is not spoken here: name en-US or cmn-CN"),
        ("zh-CN=Polly.Zhiyu", "zh-CN is not spoken here: name en-US or cmn-CN"),
        ("en-US=Polly.Joanna, en-US=Polly.Matthew", "en-US is named twice"),
    ],
)
def test_a_voice_that_nobody_would_hear_is_refused(voices, said):
    with pytest.raises(SettingsError) as raised:
        make_settings(SAY_VOICES=voices)

    assert raised.value.problems == [f"SAY_VOICES: {said}"]


KEY = {"TWILIO_API_KEY_SID": "SK" + "1" * 32, "TWILIO_API_KEY_SECRET": "the secret of a key"}


def problems_of(*, for_web=False, **changes):
    with pytest.raises(SettingsError) as raised:
        load_settings({**ENVIRONMENT, **changes}, for_web=for_web)
    return raised.value.problems


def test_a_worker_can_do_with_an_api_key_and_the_web_cannot():
    settings = make_settings(**KEY, TWILIO_AUTH_TOKEN="")
    assert settings.twilio_auth_token.get_secret_value() == ""
    assert KEY["TWILIO_API_KEY_SECRET"] not in repr(settings)

    [problem] = problems_of(**KEY, TWILIO_AUTH_TOKEN="", for_web=True)
    assert problem == "TWILIO_AUTH_TOKEN is missing: webhooks are signed under it"
    [problem] = problems_of(TWILIO_AUTH_TOKEN="")
    assert "TWILIO_AUTH_TOKEN is missing, and so is an API key" in problem


@pytest.mark.parametrize("half", KEY)
def test_half_an_api_key_is_told(half):
    [problem] = problems_of(**{half: KEY[half]})
    assert problem.startswith("TWILIO_API_KEY_SECRET is one half of a key")


def test_a_region_needs_an_edge():
    [problem] = problems_of(TWILIO_REGION="ie1")
    assert problem.startswith("TWILIO_EDGE is missing")
    assert make_settings(TWILIO_REGION="ie1", TWILIO_EDGE="dublin").twilio_edge == "dublin"


CLUSTER = "redis://one.example:6379/0?cluster=true"


@pytest.mark.parametrize("queues", ["", "redis://two.example:6379?cluster=true"])
def test_rq_is_never_put_on_a_cluster(queues):
    with pytest.raises(SettingsError, match=r"QUEUE_REDIS_URL.*RQ") as raised:
        make_settings(REDIS_URL=CLUSTER, QUEUE_REDIS_URL=queues)

    assert len(raised.value.problems) == 1


def test_a_cluster_goes_with_a_redis_for_rq():
    settings = make_settings(REDIS_URL=CLUSTER, QUEUE_REDIS_URL="redis://two.example:6379/0")

    assert settings.redis_url.get_secret_value() == CLUSTER


@pytest.mark.parametrize(
    "url",
    [
        "http://one.example",
        "redis://one.example/1?cluster=true",
        "unix:///run/redis?cluster=true",
        "redis://one.example?cluster=perhaps",
        "redis://one.example?cluster=true&nodes=:7000",
        "redis+sentinel://one.example",
        "redis+sentinel:///relay",
        "redis+sentinel://one.example/relay/0",
        "redis+sentinel://one.example/relay?db=zero",
    ],
)
def test_a_url_of_no_redis_is_told(url):
    with pytest.raises(SettingsError, match="REDIS_URL: "):
        make_settings(REDIS_URL=url, QUEUE_REDIS_URL="redis://two.example")


SECRET = "71s3cretpw"


@pytest.mark.parametrize("setting", ["REDIS_URL", "QUEUE_REDIS_URL"])
@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}#x@one.example:6379/0",
        f"redis://:{SECRET}/x@one.example:6379/0",
        f"redis://:{SECRET}?x@one.example:6379/0",
        f"redis://:{SECRET}[x@one.example:6379/0",
        f"redis://:{SECRET}\u2100@one.example:6379/0",
        "redis://user:71#s3cretpw@one.example/0",
        "redis://user:71/s3cretpw@one.example/0",
        "redis://user:71?s3cretpw@one.example/0",
        f"redis://:{SECRET}@one.example:abc/0",
        f"redis://:{SECRET}@one.example:6379/zero",
        f"redis://:{SECRET}@one.example?foo=bar",
        f"redis://:{SECRET}@one.example?max_connections=zz",
        f"redis://:{SECRET}@one.example?protocol=9",
        f"redis://:{SECRET}@one.example?ssl_cert_reqs=none",
        f"rediss://:{SECRET}@one.example?ssl_cert_reqs=CERT_NONE",
        f"redis://:{SECRET}@one.example:abc?cluster=true",
        f"redis://:{SECRET}#x@one.example?cluster=true",
        f"redis://:{SECRET}@one.example?cluster=true&foo=bar",
        f"redis://:{SECRET}@one.example?cluster=true&nodes=two.example:abc",
        f"redis+sentinel://:{SECRET}#x@one.example/relay",
        f"redis+sentinel://:{SECRET}/x@one.example/relay",
        f"redis+sentinel://:{SECRET}?x@one.example/relay",
        "redis+sentinel://user:71/s3cretpw@one.example",
        f"redis+sentinel://:{SECRET}@one.example:abc/relay",
        f"redis+sentinel://:{SECRET}@one.example/relay?foo=bar",
        f"unix://:{SECRET}#x@/run/redis.sock",
        f"unix://:{SECRET}/x@/run/redis.sock",
        f"unix://:{SECRET}?x@/run/redis.sock",
        f"unix://:{SECRET}@/run/redis.sock?db=zero",
        f"unix://:{SECRET}@",
    ],
)
def test_a_url_that_redis_py_cannot_use_is_told_and_not_repeated(setting, url):
    with pytest.raises(SettingsError) as raised:
        make_settings(**{"REDIS_URL": "redis://one.example", setting: url})

    [problem] = raised.value.problems
    assert problem.startswith(f"{setting}: must ")
    assert "s3cretpw" not in problem
    with pytest.raises(ValueError, match="must ") as told:
        locate_redis(url)
    assert told.value.__suppress_context__ or told.value.__context__ is None


def test_what_gunicorn_loads_before_gevent_opens_no_sockets_of_threads():
    loaded = "import sys, config.serving.log; sys.exit('redis' in sys.modules)"
    subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, timeout=60, check=True)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3%23c%2Fr%3Fe%40t@one.example:6379/0",
        "redis://one.example",
        "redis://one.example:6379/?db=2&client_name=relay&socket_keepalive=yes",
        "rediss://:pw@one.example:6380?ssl_cert_reqs=none",
        "redis://[::1]:6379/3",
        "unix:///run/redis.sock?db=1",
        "unix://user:pw@/run/redis.sock",
        "redis+sentinel://user:p%2Fw@one.example,two.example/relay?db=1&protocol=3",
    ],
)
def test_what_redis_py_can_use_is_taken(url):
    assert make_settings(REDIS_URL=url).redis_url.get_secret_value() == url


def test_a_cluster_is_found_by_any_of_its_nodes():
    where = locate_redis("rediss://user:pw@one.example/0?cluster=true&nodes=b:7001,c&protocol=3")

    assert where.is_cluster
    assert where.nodes == (("one.example", 6379), ("b", 7001), ("c", 6379))
    assert where.url == "rediss://user:pw@one.example/0?protocol=3"


def test_a_master_is_found_by_its_sentinels():
    where = locate_redis(
        "rediss+sentinel://user:p%40w@one.example:5000,two,[::1]:7/relay"
        "?db=3&sentinel_username=watch&sentinel_password=a%2Bb&protocol=3"
    )

    assert where.url == "rediss://user:p%40w@/3?protocol=3"
    assert where.sentinels == Sentinels(
        "relay", (("one.example", 5000), ("two", 26379), ("::1", 7)), "watch", "a+b"
    )


def test_rq_may_be_behind_sentinels_too():
    url = "redis+sentinel://one.example,two.example/relay"
    assert make_settings(REDIS_URL=url).queue_redis_url.get_secret_value() == url


def test_one_redis_is_what_a_url_means_otherwise():
    where = locate_redis("redis://one.example:6379/2?cluster=false")

    assert (where.url, where.is_cluster) == ("redis://one.example:6379/2", False)


def test_messaging_services_are_parted_by_commas() -> None:
    first, second = "MG" + "1" * 32, "MG" + "2" * 32
    assert make_settings().twilio_messaging_service_sid == ()
    both = make_settings(TWILIO_MESSAGING_SERVICE_SID=f"{first}, {second}")
    assert both.twilio_messaging_service_sid == (first, second)
