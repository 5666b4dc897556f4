"""What web processes count by themselves, also while Redis is away.

Labels have few values; none can hold a number or a name.
"""

from __future__ import annotations

from enum import StrEnum

from prometheus_client import Counter, Histogram

CALLS = Counter("relay_calls_total", "Calls by decision", ["decision"])
TEXTS = Counter("relay_texts_total", "Texts received, by what became of them", ["outcome"])
WEBHOOK_ERRORS = Counter(
    "relay_webhook_errors_total",
    "Genuine webhooks that were not served: a caller has heard an apology, a text is brought again",
    ["webhook", "error"],
)


class WebhookError(StrEnum):
    """Why a genuine webhook was not served."""

    UNAVAILABLE = "unavailable"
    UNREADABLE = "unreadable"
    MISTAKE = "mistake"


FORGED_WEBHOOKS = Counter("relay_forged_webhooks_total", "Webhooks refused for their signature")
UNSIGNED_FIELDS_DROPPED = Counter(
    "relay_unsigned_fields_dropped_total", "Webhooks that verify only without late-added fields"
)
WEBHOOK_SECONDS = Histogram(
    "relay_webhook_seconds",
    "Time to answer the carrier",
    ["webhook"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15),
)
API_SECONDS = Histogram(
    "relay_api_seconds",
    "Time to answer the REST API",
    ["method", "route", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
