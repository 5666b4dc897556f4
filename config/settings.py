"""Every setting, read once from the environment and never changed afterwards.

A start with something missing or wrong stops with one message that names all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config.key_rings import KeyRing, parse_key_ring
from config.prices import PriceTable, parse_prices
from config.redis_location import locate_redis
from config.voices import VOICES, parse_voices

#: Seconds. A text may wait for three days to be sent, and a notice that it was not for a day more;
#: its session is on record for as long as both.
SHORTEST_RETENTION = 7 * 24 * 3600
#: Ten years: longer than anybody may keep what it holds, and far from what EXPIRE can count.
LONGEST_RETENTION = 10 * 365 * 24 * 3600
#: More of anything is a slip of the hand, and one that scripts could not count with.
_MOST = 10**9

#: What a pattern says, in words.
_FORMS = {
    "TWILIO_ACCOUNT_SID": "AC and 32 letters and digits",
    "TWILIO_API_KEY_SID": "SK and 32 letters and digits, or nothing",
    "TWILIO_MESSAGING_SERVICE_SID": "MG and 32 letters and digits (one or several, with commas)",
    "TWILIO_REGION": "a region of Twilio, such as ie1, or nothing",
    "TWILIO_EDGE": "an edge location of Twilio, such as dublin, or nothing",
    "DEFAULT_LOCALE": "a language, such as en or zh-CN",
    "LOG_LEVEL": "DEBUG, INFO, WARNING or ERROR",
}
_WHERE_TO_LOOK = "`python -m relay secrets` prints the two keys; .env.example explains the rest."


class SettingsError(SystemExit):
    """Names every setting that is missing or wrong. A process that does not catch it says so on
    stderr and ends with exit code 1."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(
            f"Relay cannot start. These settings need attention:\n{lines}\n{_WHERE_TO_LOOK}"
        )


def _ring_for(purpose: str) -> Callable[[str], KeyRing]:
    return lambda text: parse_key_ring(text, purpose=purpose)


def _parted(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_MessagingService = Annotated[str, Field(pattern=r"^MG[0-9a-zA-Z]{32}$")]


class Settings(BaseModel):
    """Field ``redis_url`` is the variable ``REDIS_URL``, and so on (``.env.example``)."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)

    redis_url: SecretStr
    queue_redis_url: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("")
    redis_tls_verify: bool = True
    store_replicas: Annotated[int, Field(ge=0, le=9)] = 0
    require_durable: bool = False

    public_base_url: str
    public_base_url_previous: str = ""
    voice_fallback_url: str = ""
    sms_fallback_url: str = ""
    twilio_account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-zA-Z]{32}$")]
    twilio_api_key_sid: Annotated[str, Field(pattern=r"^(SK[0-9a-zA-Z]{32})?$")] = ""
    twilio_api_key_secret: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("")
    twilio_auth_token: Annotated[SecretStr, Field(validate_default=True)] = SecretStr("")
    twilio_auth_token_next: SecretStr = SecretStr("")
    twilio_region: Annotated[str, Field(pattern=r"^([a-z]{2}[0-9])?$")] = ""
    twilio_edge: Annotated[str, Field(pattern=r"^([a-z]+(-[a-z]+)*)?$", validate_default=True)] = ""
    twilio_api_base_url: str = ""
    twilio_messaging_service_sid: Annotated[
        tuple[_MessagingService, ...], BeforeValidator(_parted)
    ] = ()
    campaign_numbers: Annotated[int, Field(ge=1, le=_MOST)] = 49
    service_numbers: Annotated[int, Field(ge=1, le=_MOST)] = 400

    relay_sealing_keys: Annotated[KeyRing, BeforeValidator(_ring_for("sealing"))]
    relay_index_keys: Annotated[KeyRing, BeforeValidator(_ring_for("indexing"))]

    board_name: Annotated[str, Field(min_length=1, max_length=60)] = "your job board"
    default_locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en"
    say_voices: Annotated[Mapping[str, str], BeforeValidator(parse_voices)] = VOICES
    traffic_prices: Annotated[PriceTable, BeforeValidator(parse_prices)] = PriceTable()
    ring_timeout: Annotated[int, Field(ge=5, le=600)] = 25
    call_time_limit: Annotated[int, Field(ge=60, le=14400)] = 3600
    record_retention: int = 90 * 24 * 3600
    metrics_token: SecretStr = SecretStr("")
    api_requests_per_minute: Annotated[int, Field(ge=1, le=_MOST)] = 6_000
    texts_at_once: Annotated[int, Field(ge=1, le=256)] = 32
    texts_per_second: Annotated[int, Field(ge=0, le=_MOST)] = 0
    log_level: Annotated[str, Field(pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    web_concurrency: Annotated[int, Field(ge=1, le=64)] = 1
    client_slots: Annotated[int, Field(ge=0, le=_MOST)] = 0
    port: Annotated[int, Field(ge=1, le=65535)] = 8000

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: SecretStr) -> SecretStr:
        locate_redis(url.get_secret_value())
        return url

    @field_validator("queue_redis_url")
    @classmethod
    def _is_one_redis(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        """RQ's scripts build their keys, which no cluster lets them (RQ-cluster)."""
        store = info.data.get("redis_url")
        if not url.get_secret_value():
            if store and locate_redis(store.get_secret_value()).is_cluster:
                raise ValueError("is missing: RQ needs one Redis of its own beside a cluster")
        elif locate_redis(url.get_secret_value()).is_cluster:
            raise ValueError("must be one Redis, as RQ cannot use a cluster")
        return url

    @field_validator("board_name")
    @classmethod
    def _can_be_said(cls, name: str) -> str:
        if not name.strip():
            raise ValueError("is blank: it is said first in a call")
        return name

    @field_validator("record_retention")
    @classmethod
    def _outlasts_what_waits(cls, seconds: int) -> int:
        if seconds < SHORTEST_RETENTION:
            raise ValueError(
                f"must be {SHORTEST_RETENTION} (a week) at least: a text that waits is on record"
            )
        if seconds > LONGEST_RETENTION:
            raise ValueError(f"must be {LONGEST_RETENTION} (ten years) at most")
        return seconds

    @field_validator("twilio_api_key_secret")
    @classmethod
    def _goes_with_its_sid(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        sid = info.data.get("twilio_api_key_sid")
        if sid is not None and bool(sid) != bool(secret.get_secret_value()):
            raise ValueError("is one half of a key: set it and TWILIO_API_KEY_SID, or neither")
        return secret

    @field_validator("twilio_auth_token")
    @classmethod
    def _is_needed(cls, token: SecretStr, info: ValidationInfo) -> SecretStr:
        """By the web, as webhooks are signed under it; elsewhere an API key does."""
        for_web = bool(info.context and info.context["for_web"])
        if token.get_secret_value() or (info.data.get("twilio_api_key_sid") and not for_web):
            return token
        raise ValueError(
            "is missing: webhooks are signed under it"
            if for_web
            else "is missing, and so is an API key, with which workers can do without it"
        )

    @field_validator("twilio_edge")
    @classmethod
    def _goes_with_its_region(cls, edge: str, info: ValidationInfo) -> str:
        """Addresses with a region alone have ended in April 2026."""
        if info.data.get("twilio_region") and not edge:
            raise ValueError("is missing: a region is reached through an edge location")
        return edge

    @field_validator("public_base_url", "public_base_url_previous", "twilio_api_base_url")
    @classmethod
    def _is_origin(cls, url: str) -> str:
        _check_url(url, like="https://relay.example.com")
        if {"?", "#", "@"} & set(url) or any(letter.isspace() for letter in url):
            raise ValueError(
                "must look like https://relay.example.com, with no ?, #, blank or user:password@"
            )
        return url.rstrip("/")

    @field_validator("voice_fallback_url", "sms_fallback_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        like = "https://static.example.com/sorry.xml"
        _check_url(url, like=like)
        if any(letter.isspace() for letter in url):
            raise ValueError(f"must look like {like}, with no blank")
        return url

    @model_validator(mode="after")
    def _queue_defaults_to_store(self) -> Self:
        if not self.queue_redis_url.get_secret_value():
            object.__setattr__(self, "queue_redis_url", self.redis_url)
        return self


def load_settings(
    environment: Mapping[str, str] | None = None, *, for_web: bool = False
) -> Settings:
    """The settings of this process. ``for_web``: it answers webhooks, and so needs the auth token.
    Raises SettingsError with every problem at once."""
    given = dict(os.environ if environment is None else environment)
    given["PUBLIC_BASE_URL"] = given.get("PUBLIC_BASE_URL") or _platform_base_url(given)
    values = {
        name: given[name.upper()] for name in Settings.model_fields if given.get(name.upper())
    }
    try:
        return Settings.model_validate(values, context={"for_web": for_web})
    except ValidationError as error:
        raise SettingsError([_problem(fault) for fault in error.errors()]) from None


def _check_url(url: str, *, like: str) -> None:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        # Of a port that is none Python repeats what is there.
        raise ValueError(f"must look like {like}") from None
    if url and not is_address:
        raise ValueError(f"must look like {like}")
    if "_" in (parts.hostname or ""):
        raise ValueError("Twilio refuses host names with an underscore")


def _platform_base_url(given: Mapping[str, str]) -> str:
    """What Render and Heroku say of the public address (Heroku: with dyno metadata on)."""
    if given.get("RENDER_EXTERNAL_URL"):
        return given["RENDER_EXTERNAL_URL"]
    domain = given.get("HEROKU_APP_DEFAULT_DOMAIN_NAME")
    return f"https://{domain}" if domain else ""


def _problem(fault: Any) -> str:
    name = str(fault["loc"][0]).upper() if fault["loc"] else "settings"
    if fault["type"] == "missing":
        return f"{name} is missing"
    if fault["type"] == "string_pattern_mismatch":
        return f"{name}: must be {_FORMS[name]}"
    said = fault["msg"].removeprefix("Value error, ")
    return f"{name} {said}" if said.startswith("is ") else f"{name}: {said}"
