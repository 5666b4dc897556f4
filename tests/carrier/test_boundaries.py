"""Somebody has captured a signed form, of their own text or call, and splits it in other places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from relay.carrier.signature import SignatureCheck
from relay.sandbox.calls.parameters import CALL_TOKEN, call_parameters
from relay.sandbox.records import Call, Media, Message
from relay.sandbox.texts.parameters import inbound_parameters
from relay.sandbox.webhooks.signature import sign
from tests.world import EVE, NUMBER, OTHER_NUMBER, RITA

BASE, TARGET, TOKEN = "https://relay.example.com", "/twilio/messages", "12345"
ACCOUNT = "AC" + "5" * 32
FRESH = "e" * 32
NOW = datetime(2026, 11, 28, tzinfo=UTC)
#: What decides who and what; the attacker wants another one.
DECIDING = ("AccountSid", "CallSid", "MessageSid", "From", "To")

check = SignatureCheck(BASE, [TOKEN])


@dataclass(frozen=True)
class Address:
    """All that the form of a text asks the network."""

    base_url: str = "https://api.twilio.com"


def text(body: str, *, sender: str = EVE, content_types: Sequence[str] = ()) -> dict[str, str]:
    """The sandbox's form."""
    sid = "SM" + "1" * 32
    message = Message(
        sid=sid,
        account_sid=ACCOUNT,
        from_=sender,
        to=NUMBER,
        body=body,
        direction="inbound",
        status="received",
        created=NOW,
        updated=NOW,
        sequence=1,
        service_sid="MG" + "2" * 32,
        media=[Media(f"ME{n:032x}", type_, "", NOW) for n, type_ in enumerate(content_types)],
    )
    return inbound_parameters(message, Address())  # type: ignore[arg-type]


def call(*, caller: str = EVE, **fields: str) -> dict[str, str]:
    record = Call(
        sid="CA" + "1" * 32,
        account_sid=ACCOUNT,
        from_=caller,
        to=NUMBER,
        direction="inbound",
        status="in-progress",
        created=NOW,
        updated=NOW,
        sequence=1,
        forwarded_from="+15105550117",
        verstat="TN-Validation-Failed",
    )
    return {**call_parameters(record, "in-progress"), "CallToken": CALL_TOKEN, **fields}


PLACES = {"FromCity": "WASHINGTON", "FromState": "DC", "FromZip": "20001", "ToCity": "TORONTO"}
HONEST = {
    "a text": text("hello"),
    "a text that quotes names": text(f"From{RITA}\nTo: {NUMBER}, MessageSid SM1, Body Sid"),
    "a text with places": text("hello") | PLACES,
    "a text with media": text("", content_types=["image/jpeg", "video/mp4"]),
    "a text of a short code": text("hello", sender="12345"),
    "a text of a name": text("hello", sender="UBER"),
    "a keyword": text("ALTO") | {"OptOutType": "STOP"},
    "a text that quotes a keyword's name": text("OptOutTypeSTOP"),
    "a call": call() | PLACES,
    "a withheld call": call(caller="anonymous"),
    "a call with a name": call(CallerName="BUS TO FROM TOWN"),
    "a call over SIP": call(caller="sip:Bob@example.com", **{"SipHeader_X-To": "From Bob, To me"}),
    "a code": call(Digits="123456", FinishedOnKey="#"),
    "spoken words": call(SpeechResult="From 5 to 9. To Paris.", Confidence="0.9"),
    "a leg": call(ParentCallSid="CA" + "2" * 32, CallDuration="9", StirStatus="A"),
    "a Dial": call(DialCallSid="CA" + "2" * 32, DialCallStatus="completed", DialBridged="true"),
    "a token": call(StirPassportToken="eyJhTo9GFromXy.To5From7To_Digits-CalledFrom42"),
    "a sid that is new": call(RootCallSid="CA" + "3" * 32, HostAccountSid=ACCOUNT),
    "a status that is new": call(RootCallStatus="queued", MessageStatusText="on its way"),
    "a report": {
        "AccountSid": ACCOUNT,
        "From": NUMBER,
        "To": EVE,
        "MessageSid": "SM" + "1" * 32,
        "MessageStatus": "failed",
        "ErrorCode": "30003",
        "RawDlrDoneDate": "2611280101",
    },
}


@pytest.mark.parametrize("form", HONEST.values(), ids=HONEST)
def test_what_the_carrier_sends_is_genuine(form: dict[str, str]) -> None:
    assert check.signed_fields(TARGET, MultiDict(form), signed(form)) == MultiDict(form)


def signed(form: Mapping[str, str]) -> str:
    return sign(TOKEN, BASE + TARGET, form)


def joined(form: Mapping[str, str]) -> str:
    return "".join(name + form[name] for name in sorted(form))


def split(whole: str, cuts: Sequence[int]) -> MultiDict[str, str] | None:
    """The form whose names and values end at the cuts, by turns; None if its names would be signed
    in another order."""
    parts = [whole[begin:end] for begin, end in pairwise((0, *cuts, len(whole)))]
    if len(parts) % 2 or any(one >= other for one, other in pairwise(parts[::2])):
        return None
    return MultiDict(zip(parts[::2], parts[1::2], strict=True))


def ends_of(form: Mapping[str, str]) -> list[int]:
    """Where each name and value ends in what is signed, but the last value."""
    parts = [part for name in sorted(form) for part in (name, form[name])]
    return [*accumulate(map(len, parts))][:-1]


def capitals_of(whole: str) -> list[int]:
    return [place for place, letter in enumerate(whole) if letter.isupper()][1:]


def gained(genuine: Mapping[str, str], forged: MultiDict[str, str] | None) -> dict[str, str]:
    """What a form that is taken for signed says else than the genuine one. That a sid or a word has
    something behind it helps nobody: the one is unreadable, the other no number."""
    if forged is None or check.signed_fields(TARGET, forged, signed(genuine)) is None:
        return {}
    return {
        name: forged[name]
        for name in DECIDING
        if name in forged and name in genuine and forged[name] != genuine[name]
        if not (genuine[name][-1:].isalnum() and not genuine[name].strip("+").isdigit())
        or not forged[name].startswith(genuine[name])
    } | _says_otherwise(genuine, forged)


def _says_otherwise(genuine: Mapping[str, str], forged: Mapping[str, str]) -> dict[str, str]:
    """The text becomes a keyword, or is none any more."""
    types = [form.get("OptOutType", "") for form in (genuine, forged)]
    return {"OptOutType": types[1]} if types[0] != types[1] else {}


def bare_call(**fields: str) -> dict[str, str]:
    """Without what would give most forgeries away by itself."""
    form = call(**fields)
    return {n: form[n] for n in form if n != "StirVerstat" and (n == "From" or "From" not in n)}


@dataclass(frozen=True)
class Forgery:
    """What the form says anew; all that stands then before ``till`` is swallowed by one field."""

    genuine: dict[str, str]
    says: dict[str, str]
    swallowed_by: str
    till: str

    def form(self) -> MultiDict[str, str]:
        begin = min([*self.says, self.swallowed_by])
        fields = {n: v for n, v in self.genuine.items() if n < begin or n >= self.till} | self.says
        whole, name = joined(self.genuine), self.swallowed_by
        before = joined({n: v for n, v in fields.items() if n < name}) + name
        behind = joined({n: v for n, v in fields.items() if n > name})
        fields[name] = whole[len(before) : len(whole) - len(behind)]
        assert joined(fields) == whole
        return MultiDict(fields)


HI = {"Body": "hi", "From": RITA}
PLANT = f"From{RITA}"
NEW_SID = {"MessageSid": f"SM{FRESH}"}
CALL = bare_call()
KEYWORD = text("ALTO") | {"OptOutType": "STOP"}
FORGERIES = {
    "all new": Forgery(text(f"hi{PLANT}{joined(NEW_SID)}P"), HI | NEW_SID, "P", "To"),
    "behind a name": Forgery(text(f"hi{PLANT}G"), HI, "GFrom", "MessageSid"),
    "cut in a word": Forgery(text(f"hi{PLANT}G"), HI, "GF", "MessageSid"),
    "a name's": Forgery(text(f"hi{PLANT}G", sender="UBER"), HI, "G", "MessageSid"),
    "a short code's": Forgery(text(f"hi{PLANT}G", sender="12345"), HI, "G", "MessageSid"),
    "by a medium": Forgery(
        text("", content_types=[f"a/{PLANT}"]), {"From": RITA}, "Body", "MediaUrl0"
    ),
    "a medium's sid": Forgery(
        text("", content_types=[f"a/{joined(NEW_SID)}N"]),
        {"MediaContentType0": "a/", **NEW_SID},
        *("N", "NumMedia"),
    ),
    "with a place": Forgery(text("hi") | PLACES, {}, "From", "FromCountry"),
    "with the number's place": Forgery(text("hi") | PLACES, {}, "To", "ToCountry"),
    **{
        f"{caller} calling": Forgery(
            bare_call(caller=caller, CallerName=f"x{PLANT}G"),
            {"CallerName": "x", "From": RITA},
            *("G", "To"),
        )
        for caller in ("anonymous", "12345")
    },
    "another number": Forgery(
        CALL | {"SpeechResult": f"xTo{OTHER_NUMBER}Z"},
        {"SpeechResult": "x", "To": OTHER_NUMBER},
        *("Z", "~"),
    ),
    "another code": Forgery(
        CALL | {"CallerName": "xDigits1E", "Digits": "9"},
        {"CallerName": "x", "Digits": "1"},
        *("E", "From"),
    ),
    "no keyword": Forgery(KEYWORD, {}, "NumSegments", "SmsMessageSid"),
    "no keyword, cut in its name": Forgery(
        KEYWORD, {"OutType": "STOP"}, "NumSegments", "SmsMessageSid"
    ),
    "a keyword of its words": Forgery(
        text("hiOptOutTypeHELPP"),
        {"Body": "hi", "OptOutType": "HELP"},
        *("P", "SmsMessageSid"),
    ),
    "a keyword of a medium": Forgery(
        text("", content_types=["a/OptOutTypeSTOPP"]),
        {"MediaContentType0": "a/", "OptOutType": "STOP"},
        *("P", "SmsMessageSid"),
    ),
    "no failed check": Forgery(
        CALL | {"FromZip": "", "StirVerstat": "TN-Validation-Failed"}, {}, "FromZip", "To"
    ),
    "no bridge": Forgery(CALL | {"DialBridged": "true"}, {}, "CallerZip", "Direction"),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_form_that_is_split_elsewhere_is_forged(forgery: Forgery) -> None:
    assert check.signed_fields(TARGET, forgery.form(), signed(forgery.genuine)) is None


def test_a_name_hides_no_rest_of_a_form() -> None:
    """The genuine sid is the value of a name that ends in its."""
    planted = joined(NEW_SID)
    genuine = text("", content_types=[f"a/{planted}N"])
    del genuine["MessagingServiceSid"]
    whole = joined(genuine)
    begin = whole.index(planted)
    behind = begin + len(planted)
    name_end = whole.index("MessageSid", behind) + len("MessageSid")
    before = [end for end in ends_of(genuine) if end < begin]
    after = [end for end in ends_of(genuine) if end > name_end]
    cuts = [*before, begin, *(begin + end for end in ends_of(NEW_SID)), behind, name_end, *after]
    forged = split(whole, cuts)
    assert forged is not None
    assert forged["MessageSid"] == f"SM{FRESH}"
    assert check.signed_fields(TARGET, forged, signed(genuine)) is None


SENDERS = [EVE, "12345", "UBER"]


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("filler", ["G", "P", "a"])
@pytest.mark.parametrize(
    "planted",
    [{"From": RITA}, {"From": RITA, "MessageSid": f"SM{FRESH}"}],
    ids="-".join,
)
def test_a_text_cannot_be_made_somebody_elses_by_its_words(
    sender: str, planted: dict[str, str], filler: str
) -> None:
    """Every way to hide the rest of the genuine form in one field or two."""
    genuine = text("hello" + joined(planted) + filler, sender=sender)
    whole = joined(genuine)
    begin = whole.index("hello") + len("hello")
    behind = begin + len(joined(planted))
    before = [end for end in ends_of(genuine) if end < begin]
    cuts = [*before, *(begin + end for end in (0, *ends_of(planted))), behind]
    ends = [end for end in ends_of(genuine) if end > behind]
    places = sorted({*ends, *(end - 1 for end in ends)})
    ways = _fields(whole, behind, places, max(planted), most=2)
    assert not [found for way in ways if (found := gained(genuine, split(whole, cuts + way)))]


def _fields(
    whole: str, begin: int, places: Sequence[int], last: str, *, most: int
) -> Iterator[list[int]]:
    """The cuts of up to so many fields to the end, whose names are in order."""
    for end in places:
        if end > begin and (name := whole[begin:end]) > last:
            yield [end]
            for at in places:
                if at >= end and most > 1:
                    for more in _fields(whole, at, places, name, most=most - 1):
                        yield [end, at, *more]


PIECES = [
    *(f"From{RITA}", f"From{RITA[1:]}", f"To{OTHER_NUMBER}", f"MessageSidSM{FRESH}"),
    *("From", "To", "Body", "Message", "Sid", "F", "G", "P", "a", "+", "5", "hello"),
    *("OptOutTypeSTOP", "OptOutType"),
]
WORDS = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
GENUINE = st.one_of(
    st.builds(text, WORDS, sender=st.sampled_from(SENDERS)),
    st.builds(
        text,
        WORDS,
        sender=st.sampled_from(SENDERS[:-1]),  # names send no media
        content_types=st.lists(WORDS.map("image/".__add__), max_size=2),
    ),
    st.builds(
        call,
        caller=st.sampled_from([EVE, "12345", "anonymous"]),
        CallerName=WORDS,
        SpeechResult=WORDS,
        Digits=st.text("0123456789*#", max_size=6),
    ),
    st.sampled_from([*HONEST.values()]),
)


@settings(max_examples=1000, deadline=None)
@given(genuine=GENUINE, data=st.data())
def test_no_split_of_any_form_changes_whom_it_names(
    genuine: dict[str, str], data: st.DataObject
) -> None:
    """Fields are put in, hidden and cut elsewhere."""
    whole = joined(genuine)
    planted = re.finditer(rf"(?:From|To)(?=\+?1[24])|MessageSid(?=SM{FRESH})", whole)
    new = [one.span() for one in planted if data.draw(st.booleans())]
    places = st.sampled_from(capitals_of(whole))
    new += data.draw(st.lists(st.tuples(places, places), max_size=2))
    cuts = sorted({*ends_of(genuine)}.symmetric_difference({cut for pair in new for cut in pair}))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(cuts)))
        del cuts[at : at + 2 * data.draw(st.integers(1, 6))]
    assert not gained(genuine, split(whole, cuts))
