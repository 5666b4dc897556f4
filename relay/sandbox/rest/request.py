"""A REST request, its answer, and the errors between (TW-rest)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class RestCall:
    method: str
    path: str
    host: str
    params: dict[str, list[str]]
    query_string: str
    credentials: tuple[str, str] | None

    def get(self, name: str) -> str | None:
        """The last value given; an empty one is a value."""
        values = self.params.get(name)
        return values[-1] if values else None

    def text(self, name: str) -> str:
        return self.get(name) or ""

    def all(self, name: str) -> list[str]:
        return [value for value in self.params.get(name, []) if value]

    @property
    def region(self) -> str | None:
        """Of Twilio's address; None for another one, which names none."""
        match self.host.split("."):
            case [_product, "twilio", "com"]:
                return "us1"
            case [_product, _edge, region, "twilio", "com"]:
                return region
        return None

    @property
    def origin(self) -> str:
        """Where absolute links of newer services point to, through the proxy of a test or not."""
        scheme = "https" if self.host.endswith("twilio.com") else "http"
        return f"{scheme}://{self.host}"


@dataclass(frozen=True)
class RestAnswer:
    status: int
    body: Json | None = None
    html: str | None = None
    location: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True)
class RestRequest:
    """One entry of the carrier's `rest_log`. `status` is None if no answer was sent."""

    method: str
    path: str
    params: dict[str, list[str]]
    status: int | None
    response: Json | None
    host: str = ""
    query_string: str = ""
    fault: str | None = field(default=None)


class ApiError(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status}/{code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def answer(self, retry_after: int | None = None) -> RestAnswer:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return RestAnswer(self.status, body, retry_after=retry_after)


def not_found(path: str) -> ApiError:
    return ApiError(404, 20404, f"The requested resource {path} was not found")
