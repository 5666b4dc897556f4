"""Alarms: what in Redis was not to be believed (P9)."""

from __future__ import annotations

from enum import StrEnum


class Alarm(StrEnum):
    """What was not to be believed."""

    JOB = "job"
    SESSION = "session"
    SEAL = "seal"
    CALLER = "caller"
    NUMBER = "number"
    WORDS = "words"
    CODE = "code"
    GUARD = "guard"
