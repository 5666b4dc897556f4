"""Puts a board on record, or changes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from relay.carrier.announcements import is_spoken
from relay.domain.board import BOARD_NAME, MAIN, Board
from relay.domain.errors import Conflict, Fault, Invalid, NotFound
from relay.domain.free_text import is_unreadable, read_numbers
from relay.domain.participant import LOCALE
from relay.workflows.deployment import Deployment

LONGEST_SPOKEN_NAME = 60
ACCOUNT_SID = re.compile(r"AC[0-9a-zA-Z]{32}")
CARRIER_KEY_SID = re.compile(r"SK[0-9a-zA-Z]{32}")
MESSAGING_SERVICE_SID = re.compile(r"MG[0-9a-zA-Z]{32}")


@dataclass(frozen=True, kw_only=True)
class BoardTerms:
    """What a board is to be. Without ``auth_tokens`` an account keeps those on record, and without
    its secret an API key of that account does."""

    name: str
    spoken_name: str
    default_locale: str = "en"
    requests_per_minute: int | None = None
    account_sid: str = ""
    auth_tokens: Sequence[str] = field(default=(), repr=False)
    carrier_key_sid: str = ""
    carrier_key_secret: str = field(default="", repr=False)
    messaging_services: tuple[str, ...] = ()


@dataclass(frozen=True)
class BoardPut:
    board: Board
    is_new: bool


def put_board(deployment: Deployment, wanted: BoardTerms) -> BoardPut:
    """The board as it is on record now. Every process follows within seconds.

    Raises Invalid, Conflict for ``main``, Unavailable.
    """
    if wanted.name == MAIN:
        raise Conflict(
            f"The board {MAIN} is made of the deployment's settings (BOARD_NAME, …).",
            code="board_of_settings",
        )
    faults = tuple(_faults(wanted))
    if faults:
        raise Invalid("The board is not valid.", faults)
    board = Board(
        name=wanted.name,
        spoken_name=wanted.spoken_name,
        default_locale=wanted.default_locale,
        requests_per_minute=wanted.requests_per_minute,
        account_sid=wanted.account_sid,
        sealed_tokens=_sealed_tokens(deployment, wanted),
        carrier_key_sid=wanted.carrier_key_sid,
        sealed_key_secret=_sealed_key_secret(deployment, wanted),
        messaging_services=wanted.messaging_services,
    )
    return BoardPut(board, is_new=deployment.registry.put(board))


def find_board(deployment: Deployment, name: str) -> Board:
    """Raises NotFound, Unavailable."""
    board = deployment.main.board if name == MAIN else deployment.registry.find(name)
    if board is None:
        raise NotFound("No board has this name.")
    return board


def _faults(wanted: BoardTerms) -> Iterator[Fault]:
    if not BOARD_NAME.fullmatch(wanted.name):
        yield Fault("/name", "1 to 20 of a-z, 0-9 and -, no - at the beginning")
    if fault := _fault_of_spoken_name(wanted.spoken_name):
        yield Fault("/spoken_name", fault)
    if not LOCALE.fullmatch(wanted.default_locale):
        yield Fault("/default_locale", "a language, such as en or zh-CN")
    elif not is_spoken(wanted.default_locale):
        yield Fault("/default_locale", "a language that is spoken here, such as en or zh-CN")
    yield from _faults_of_account(wanted)
    for place, sid in enumerate(wanted.messaging_services):
        if not MESSAGING_SERVICE_SID.fullmatch(sid):
            yield Fault(f"/messaging_services/{place}", "MG and 32 letters and digits")


def _faults_of_account(wanted: BoardTerms) -> Iterator[Fault]:
    if wanted.account_sid and not ACCOUNT_SID.fullmatch(wanted.account_sid):
        yield Fault("/account/sid", "AC and 32 letters and digits")
    if (wanted.auth_tokens or wanted.carrier_key_sid) and not wanted.account_sid:
        yield Fault("/account/sid", "needed with an auth token or an API key")
    if wanted.carrier_key_sid and not CARRIER_KEY_SID.fullmatch(wanted.carrier_key_sid):
        yield Fault("/account/api_key/sid", "SK and 32 letters and digits")
    if wanted.carrier_key_secret and not wanted.carrier_key_sid:
        yield Fault("/account/api_key/sid", "needed with its secret")


def _fault_of_spoken_name(name: str) -> str:
    """Why people cannot be told it, or ""."""
    if not 0 < len(name.strip()) <= LONGEST_SPOKEN_NAME:
        return f"1 to {LONGEST_SPOKEN_NAME} characters"
    return "no control characters" if is_unreadable(name) else read_numbers(name).fault


def _sealed_tokens(deployment: Deployment, wanted: BoardTerms) -> tuple[str, ...]:
    if wanted.auth_tokens:
        seal = deployment.vault.seal_token
        return tuple(seal(token, board=wanted.name) for token in wanted.auth_tokens)
    if not wanted.account_sid:
        return ()
    before = _of_this_account(deployment, wanted)
    if before is None:
        raise _missing("/account/auth_token", "needed for an account that is not on record")
    return before.sealed_tokens


def _sealed_key_secret(deployment: Deployment, wanted: BoardTerms) -> str:
    sid = wanted.carrier_key_sid
    if wanted.carrier_key_secret:
        return deployment.vault.seal_key_secret(
            wanted.carrier_key_secret, board=wanted.name, key_sid=sid
        )
    if not sid:
        return ""
    before = _of_this_account(deployment, wanted)
    if before is None or before.carrier_key_sid != sid:
        raise _missing("/account/api_key/secret", "needed for a key that is not on record")
    return before.sealed_key_secret


def _of_this_account(deployment: Deployment, wanted: BoardTerms) -> Board | None:
    """The board on record, if its credentials are those of the account that is wanted."""
    before = deployment.registry.find(wanted.name)
    return before if before and before.account_sid == wanted.account_sid else None


def _missing(pointer: str, detail: str) -> Invalid:
    return Invalid("The board is not valid.", (Fault(pointer, detail),))
