"""The TwiML the sandbox plays: elements, attributes, nesting. Anything else is error 12200."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Shape:
    attributes: dict[str, Check] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    has_text: bool = False


Grammar = dict[str, Shape]


def check(grammar: Grammar, element: Element) -> str | None:
    """The first thing wrong with an element and what is in it, or None."""
    shape = grammar[element.tag]
    for name, value in element.attrib.items():
        if name not in shape.attributes:
            return f"{element.tag} has no attribute {name}"
        if not shape.attributes[name](value):
            return f'{element.tag}: {name}="{value}" is not allowed'
    if not shape.has_text and _has_text(element):
        return f"{element.tag} holds text"
    for child in element:
        if child.tag not in shape.children:
            return f"{element.tag} may not hold {child.tag}"
        if complaint := check(grammar, child):
            return complaint
    return None


def _has_text(element: Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text and text.strip() for text in texts)


def _anything(_value: str) -> bool:
    return True


def _boolean(value: str) -> bool:
    return value in ("true", "false")


def _whole(value: str) -> bool:
    return value.isdigit()


def _method(value: str) -> bool:
    return value.upper() in ("GET", "POST")


def _one_of(*allowed: str) -> Check:
    return lambda value: value in allowed


def _some_of(*allowed: str) -> Check:
    return lambda value: set(value.split()) <= set(allowed)


def _like(pattern: str) -> Check:
    return lambda value: re.fullmatch(pattern, value) is not None


def _all(check_each: Check, names: str) -> dict[str, Check]:
    return dict.fromkeys(names.split(), check_each)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


RING_TONES = (
    "at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl pt ru "
    "se sg th uk us us-old tw ve za"
)
PROGRESS = ("initiated", "ringing", "answered", "completed")
RECORDING_EVENTS = ("in-progress", "completed", "absent")
_SSML = _set("break emphasis lang p phoneme prosody s say-as sub w")
_LANGUAGE = _like(r"[a-z]{2,3}(-[A-Za-z]{2,4})?(-[A-Z]{2})?")

VOICE: Grammar = {
    "Response": Shape(
        {}, _set("Say Play Pause Gather Dial Hangup Reject Redirect Record"), has_text=False
    ),
    "Say": Shape({"voice": _anything, "language": _LANGUAGE, "loop": _whole}, _SSML, has_text=True),
    "Play": Shape({"loop": _whole, "digits": _like(r"[0-9wW#*]+")}, has_text=True),
    "Pause": Shape({"length": _whole}),
    "Hangup": Shape(),
    "Reject": Shape({"reason": _one_of("rejected", "busy")}),
    "Redirect": Shape({"method": _method}, has_text=True),
    "Gather": Shape(
        {
            **_all(_anything, "action hints partialResultCallback speechModel speechTimeout"),
            **_all(_method, "method partialResultCallbackMethod"),
            **_all(_boolean, "actionOnEmptyResult bargeIn debug enhanced profanityFilter"),
            **_all(_whole, "maxSpeechTime numDigits timeout"),
            "finishOnKey": _like(r"[0-9*#]?"),
            "input": _some_of("dtmf", "speech"),
            "language": _LANGUAGE,
        },
        _set("Say Play Pause"),
    ),
    "Record": Shape(
        {
            **_all(_anything, "action recordingStatusCallback transcribeCallback"),
            **_all(_anything, "recordingConfigurationId"),
            **_all(_method, "method recordingStatusCallbackMethod"),
            **_all(_boolean, "playBeep transcribe"),
            **_all(_whole, "maxLength timeout"),
            "finishOnKey": _like(r"[0-9*#]*"),
            "recordingStatusCallbackEvent": _some_of(*RECORDING_EVENTS),
            "trim": _one_of("trim-silence", "do-not-trim"),
        }
    ),
    "Dial": Shape(
        {
            **_all(_anything, "action callerId recordingStatusCallback referUrl passports"),
            **_all(_anything, "recordingConfigurationId"),
            **_all(_method, "method recordingStatusCallbackMethod referMethod"),
            **_all(_boolean, "answerOnBridge hangupOnStar sequential"),
            **_all(_whole, "timeout timeLimit"),
            "events": _one_of("call-progress-event"),
            "record": _one_of(
                "do-not-record",
                *(
                    f"record-from-{start}{end}"
                    for start in ("answer", "ringing")
                    for end in ("", "-dual")
                ),
                "true",
                "false",
            ),
            "recordingStatusCallbackEvent": _some_of(*RECORDING_EVENTS),
            "recordingTrack": _one_of("both", "inbound", "outbound"),
            "ringTone": _one_of(*RING_TONES.split()),
            "trim": _one_of("trim-silence", "do-not-trim"),
        },
        _set("Number"),
        has_text=True,
    ),
    "Number": Shape(
        {
            **_all(_anything, "url statusCallback amdStatusCallback byoc"),
            **_all(_method, "method statusCallbackMethod amdStatusCallbackMethod"),
            **_all(_whole, "machineDetectionTimeout machineDetectionSilenceTimeout"),
            **_all(_whole, "machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold"),
            "machineDetection": _anything,
            "sendDigits": _like(r"[0-9wWABCD#*]*"),
            "statusCallbackEvent": _some_of(*PROGRESS),
        },
        has_text=True,
    ),
    **{
        name: Shape(
            _all(
                _anything,
                "strength time level alphabet ph rate pitch volume interpret-as format alias role "
                "{http://www.w3.org/XML/1998/namespace}lang",
            ),
            _SSML,
            has_text=True,
        )
        for name in _SSML
    },
}

# A whisper may speak, listen and hang up, nothing else (TW-whisper).
WHISPER: Grammar = {
    **VOICE,
    "Response": Shape({}, _set("Say Play Pause Gather Hangup")),
}

MESSAGING: Grammar = {
    "Response": Shape({}, _set("Message Redirect")),
    "Message": Shape(
        {**_all(_anything, "action statusCallback to from"), "method": _method},
        _set("Body Media"),
        has_text=True,
    ),
    "Body": Shape({}, has_text=True),
    "Media": Shape({}, has_text=True),
    "Redirect": Shape({"method": _method}, has_text=True),
}
