"""A simulated carrier with phones, to try everything without an account. Never in production."""

from relay.sandbox.behaviour import (
    Answer,
    Busy,
    Decline,
    NoAnswer,
    Screening,
    Unreachable,
    Voicemail,
)
from relay.sandbox.carrier import SimulatedCarrier
from relay.sandbox.phone import Phone, ReceivedText

__all__ = [
    "Answer",
    "Busy",
    "Decline",
    "NoAnswer",
    "Phone",
    "ReceivedText",
    "Screening",
    "SimulatedCarrier",
    "Unreachable",
    "Voicemail",
]
