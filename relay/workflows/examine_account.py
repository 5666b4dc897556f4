"""Asks a carrier account what would lose calls or texts, and says how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set

from relay.carrier.advice import advice_on, is_about_the_key
from relay.carrier.client import Carrier
from relay.carrier.numbers import OwnedNumber, is_pointed_here, is_pointed_to
from relay.domain.board import Board
from relay.domain.errors import CarrierError
from relay.domain.pool import VirtualNumber
from relay.workflows.board_on_record import BoardOnRecord
from relay.workflows.check_readiness import Check, Verdict
from relay.workflows.commands import command, where_credentials_are
from relay.workflows.examine_registrations import examine_registrations
from relay.workflows.examine_services import examine_services
from relay.workflows.point_here import webhooks_at, webhooks_of
from relay.workflows.services import Services

#: Each is a request to the carrier, and a deploy waits for it.
_MOST_LOOKED_AT = 50
#: Of countries; the rest is counted.
_MOST_NAMED = 8
#: Of nobody's: any question tells whether the account lets us in.
_SOME_NUMBER = "+15005550006"
_MAIN_KEY = "a Main key, or the console, shows it"
_PROFILE = (
    "Twilio has approved no customer profile: few calls at a time, and texts to verified numbers"
    " only; see Trust Hub in Twilio's console (a subaccount has its main account's)"
)
_REDACTED = (
    "Twilio redacts texts: what comes in while no web process answers cannot be fetched afterwards,"
    " and is lost; switch message redaction off in Twilio's console, Messaging > Settings"
)
_CLOSED = "to {} are refused, which pools serve: allow them in Twilio's console, {}"
_OPEN = "to {} are allowed, which no pool serves: close them (fraud) in Twilio's console, {}"
_GEO_PERMISSIONS = "{} > Settings > Geo permissions"

Look = Callable[[], Iterable[Check]]


def check_access(services: Services) -> Check:
    """Whether the board's account lets us in. Raises nothing."""
    try:
        services.carrier.numbers.find_owned(_SOME_NUMBER)
    except CarrierError as error:
        return Check("carrier", Verdict.FAILED, _advice(services.board, error))
    if services.account.tokens:
        return Check("carrier", Verdict.OK, "the account answers")
    detail = "the account answers; web needs TWILIO_AUTH_TOKEN, too, which is not set here"
    return Check("carrier", Verdict.WARNING, detail)


def check_token(services: Services, by_token: Iterable[Carrier]) -> Iterator[Check]:
    """Whether webhooks can be verified where requests are made with an API key. ``by_token`` opens
    the account with each of its auth tokens instead. Raises nothing."""
    return _look(services, "token", lambda: _check_token(services.board, by_token))


def _check_token(board: Board, by_token: Iterable[Carrier]) -> Iterator[Check]:
    if any(map(_lets_in, by_token)):
        yield Check("token", Verdict.OK, "is the account's: its webhooks are heard")
        return
    setting = f"boards put {board.name}" if board.account_sid else "TWILIO_AUTH_TOKEN"
    yield Check(
        "token",
        Verdict.FAILED,
        f"Twilio refuses it, so every call and text is refused here (403): see {setting}; it is 32"
        " hexadecimal digits, of this account and this region",
    )


def _lets_in(carrier: Carrier) -> bool:
    try:
        carrier.account.fetch()
    except CarrierError as error:
        if is_about_the_key(error):
            return False
        raise
    return True


def examine_account(services: Services, boards: Sequence[BoardOnRecord]) -> Iterator[Check]:
    """What is found of the account that these boards use, with the credentials of one of them.
    Raises nothing."""
    carrier = services.carrier
    served = frozenset[str]().union(*(board.countries for board in boards))
    yield from _look(services, "account", lambda: _check_account(carrier))
    yield from _look(services, "profile", lambda: _check_profile(carrier))
    yield from _look(services, "calls", lambda: _check_calls(carrier, served))
    yield from _look(services, "texts", lambda: _check_texts(carrier, served))
    yield from _look(services, "redaction", lambda: _check_redaction(carrier))
    yield from _look(services, "previous address", lambda: _check_previous_address(services))


def examine_numbers(board: BoardOnRecord, *, fix: bool) -> Iterator[Check]:
    """A board's numbers and messaging services at the carrier; ``fix`` as in ``examine_services``.
    Raises nothing."""
    services = board.services
    yield from _look(services, "numbers", lambda: _check_numbers(board))
    yield from _look(services, "services", lambda: examine_services(board, fix=fix))
    yield from _look(services, "registration", lambda: examine_registrations(board))


def _look(services: Services, name: str, look: Look) -> Iterator[Check]:
    """What cannot be seen is no failure: nothing says that it is wrong."""
    try:
        yield from look()
    except CarrierError as error:
        advice = _MAIN_KEY if is_about_the_key(error) else _advice(services.board, error)
        yield Check(name, Verdict.WARNING, f"cannot be seen: {advice}")


def _advice(board: Board, error: CarrierError) -> str:
    return advice_on(error.code, credentials=where_credentials_are(board))


def _check_account(carrier: Carrier) -> Iterator[Check]:
    state = carrier.account.fetch()
    if state.status != "active":
        detail = f"is {state.status}: every call and text is refused; see Twilio's console"
        yield Check("account", Verdict.FAILED, detail)
    elif state.is_trial:
        detail = "is a trial: it calls and texts verified numbers only; upgrade it"
        yield Check("account", Verdict.FAILED, detail)
    else:
        yield Check("account", Verdict.OK, "is active")


def _check_profile(carrier: Carrier) -> Iterator[Check]:
    if carrier.account.has_approved_profile():
        yield Check("profile", Verdict.OK, "Twilio has approved it")
    else:
        yield Check("profile", Verdict.WARNING, _PROFILE)


def _check_calls(carrier: Carrier, served: Set[str]) -> Iterator[Check]:
    where = _GEO_PERMISSIONS.format("Voice")
    dialled = carrier.account.dialled_countries()
    yield from _compare("calls", served, dialled.ordinary, where=where)
    if dialled.high_risk:
        yield Check(
            "calls",
            Verdict.WARNING,
            f"to premium and high-risk numbers in {_listed(dialled.high_risk)} are allowed: close"
            f" them (toll fraud) in Twilio's console, {where}",
        )


def _check_texts(carrier: Carrier, served: Set[str]) -> Iterator[Check]:
    texted = carrier.account.texted_countries()
    yield from _compare("texts", served, texted, where=_GEO_PERMISSIONS.format("Messaging"))


def _compare(name: str, served: Set[str], allowed: Set[str], *, where: str) -> Iterator[Check]:
    if not served:
        return  # Until there is a pool, nothing says which countries are to be closed.
    closed, beyond = served - allowed, allowed - served
    if closed:
        yield Check(name, Verdict.FAILED, _CLOSED.format(_listed(closed), where))
    if beyond:
        yield Check(name, Verdict.WARNING, _OPEN.format(_listed(beyond), where))
    if allowed == served:
        yield Check(name, Verdict.OK, f"go to {_listed(served)} only")


def _listed(countries: Set[str]) -> str:
    named = sorted(countries)
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _check_redaction(carrier: Carrier) -> Iterator[Check]:
    redacts = carrier.account.redacts_texts()
    if redacts is None:
        yield Check("redaction", Verdict.OK, "is not known before the account's first text")
    elif redacts:
        yield Check("redaction", Verdict.FAILED, _REDACTED)
    else:
        yield Check("redaction", Verdict.OK, "the latest texts are not redacted")


def _check_previous_address(services: Services) -> Iterator[Check]:
    previous = services.settings.public_base_url_previous
    if not previous:
        return
    left = sum(is_pointed_to(owned, previous) for owned in services.carrier.numbers.list_owned())
    if left:
        detail = f"numbers that still point to {previous}, which is answered, too: {left}"
        yield Check("previous address", Verdict.OK, detail)
    else:
        detail = f"no number points to {previous} any more: remove PUBLIC_BASE_URL_PREVIOUS"
        yield Check("previous address", Verdict.WARNING, detail)


def _check_numbers(board: BoardOnRecord) -> Iterator[Check]:
    numbers = board.numbers
    if not numbers:
        yield Check("numbers", Verdict.WARNING, f"none yet: {_how_to_get_numbers(board)}")
    without_fallback = 0
    for number in numbers[:_MOST_LOOKED_AT]:
        owned = board.services.carrier.numbers.find_owned(number.number)
        without_fallback += owned is not None and not owned.voice_fallback_url
        yield _check_number(board.services, number, owned)
    if without_fallback:
        yield _check_fallback(board.services, without_fallback)
    if len(numbers) > _MOST_LOOKED_AT:
        looked_at = f"the first {_MOST_LOOKED_AT} of {len(numbers)} were looked at"
        yield Check("numbers", Verdict.WARNING, looked_at)


def _check_fallback(services: Services, count: int) -> Check:
    mend = (
        command("numbers reconcile --fix", services.board)
        if services.settings.voice_fallback_url
        else "set VOICE_FALLBACK_URL (docs/deploy.md#a-fallback-for-the-worst-hour)"
    )
    return Check(
        "fallback",
        Verdict.WARNING,
        f"numbers without a fallback URL: {count}; while no web process answers, callers hear of an"
        f" application error: {mend}",
    )


def _how_to_get_numbers(board: BoardOnRecord) -> str:
    """``pools put`` would take a pool's policy away where there is one."""
    of = board.services.board
    if board.pools:
        return command(f"numbers import +… --pool {board.pools[0].name}", of)
    pool, numbers = "pools put us --country US", "numbers import +1… --pool us"
    return f"{command(pool, of)}, then {command(numbers, of)}"


def _check_number(services: Services, number: VirtualNumber, owned: OwnedNumber | None) -> Check:
    name = f"number {number.number}"
    if owned is None:
        return Check(name, Verdict.FAILED, "the account does not own it any more")
    if is_pointed_here(owned, **webhooks_of(services)):
        return Check(name, Verdict.OK, "calls and texts come here")
    if _is_answered(services, owned):
        mend = command("numbers reconcile --fix", services.board)
        detail = f"is at the previous address, or has another fallback URL: wait, or {mend}"
        return Check(name, Verdict.WARNING, detail)
    mend = command(f"numbers import {number.number} --pool {number.pool}", services.board)
    detail = f"its calls, its texts or the news of a call's end go elsewhere: {mend}"
    return Check(name, Verdict.FAILED, detail)


def _is_answered(services: Services, owned: OwnedNumber) -> bool:
    """Though not as it should be; the ticker's start mends that, and a deploy comes before it."""
    settings = services.settings
    addresses = filter(None, (settings.public_base_url, settings.public_base_url_previous))
    return any(is_pointed_here(owned, **webhooks_at(services, address)) for address in addresses)
