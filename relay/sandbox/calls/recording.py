"""Record: listens to silence and says so. No sound is kept."""

from __future__ import annotations

from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from relay.sandbox.calls.leg import Leg
from relay.sandbox.calls.requests import Fetch
from relay.sandbox.network import Network


def record(network: Network, leg: Leg, verb: Element, base: str) -> Fetch:
    """Without an action the current document comes again: a loop, as with Twilio."""
    leg.answer()
    if verb.get("playBeep", "true") == "true":
        leg.overhear("[beep]")
    leg.wait(float(verb.get("timeout", "5")))
    digits, finished = leg.keypad.take(None, verb.get("finishOnKey", "1234567890*#"))
    sid = network.identifiers.new("RE")
    extra = {
        "RecordingSid": sid,
        "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{leg.record.account_sid}"
        f"/Recordings/{sid}",
        "RecordingDuration": "1",
        "Digits": finished or digits,
    }
    url = urljoin(base, verb.get("action", ""))
    return Fetch("action", url, verb.get("method", "POST").upper(), extra)
