"""All boards of a deployment. ``bootstrap`` builds it; tests may replace its borders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import structlog

from config.settings import Settings
from relay.carrier.client import Carrier
from relay.domain.board import MAIN, Board, CarrierAccount, CarrierKey
from relay.domain.errors import NotFound, Unavailable
from relay.store.api_keys import ApiKeys
from relay.store.boards import BoardRegistry
from relay.store.carrier_times import CarrierTimes
from relay.store.connection import Client
from relay.store.keys import DeploymentKeys
from relay.store.number_map import NumberMap
from relay.store.rewritings import Rewritings
from relay.store.store import Store
from relay.store.successes import Successes
from relay.vault import Unreadable, Vault
from relay.workflows.services import Jobs, Services

log = structlog.get_logger()


class Deployment:
    """What the boards share, and the services of each.

    ``carrier_of`` and ``jobs_of`` make what leads out of the process, for an account and a board.
    ``queues`` is a client of RQ's Redis. ``carrier_times`` gathers what ``carrier_of``'s requests
    take, where that measures them.
    """

    def __init__(
        self,
        settings: Settings,
        client: Client,
        vault: Vault,
        *,
        carrier_of: Callable[[CarrierAccount], Carrier],
        jobs_of: Callable[[str], Jobs],
        queues: Client,
        carrier_times: CarrierTimes | None = None,
    ) -> None:
        self.settings = settings
        self.client = client
        self.vault = vault
        self.registry = BoardRegistry(client, vault.signer)
        self.numbers = NumberMap(client, vault.signer)
        self.api_keys = ApiKeys(client, DeploymentKeys(), vault.signer)
        self.rewritings = Rewritings(client)
        self.successes = Successes(client)
        self.carrier_times = carrier_times or CarrierTimes(client)
        self.queues = queues
        self.carrier_of = carrier_of
        self._jobs_of = jobs_of
        self._services: dict[str, Services] = {}
        self.main = self._services_of(_main_board(settings))

    def of_board(self, name: str) -> Services:
        """A board's services. Raises NotFound, and Unavailable while the boards are not known."""
        if name == MAIN:
            return self.main
        board = self.registry.find(name)
        if board is None:
            raise NotFound("There is no such board.")
        return self._services_of(board)

    def of_number(self, number: str) -> Services:
        """Those of the board that a virtual number belongs to; of ``main`` for one of nobody's.
        Raises Unavailable."""
        place = self.numbers.find(number)
        try:
            return self.of_board(place.board) if place else self.main
        except NotFound:
            return self.main

    def has_several_boards(self) -> bool:
        """Whether any board beside ``main`` is on record. Raises Unavailable while that is not
        known: what only one board may show must not be shown then."""
        return bool(self.registry.all())

    def boards(self) -> list[Services]:
        """Of every board that is known, ``main`` first. Raises nothing: one whose services cannot
        be made is left out, and says so."""
        try:
            registered = self.registry.all()
        except Unavailable:
            log.warning("boards not known, only main is")
            registered = []
        found = [self.main]
        for board in registered:
            try:
                found.append(self._services_of(board))
            except Unavailable as error:
                log.warning("board left out", board=board.name, why=str(error))
        return found

    def accounts(self) -> list[list[Services]]:
        """The boards by the carrier account that they use."""
        boards = sorted(self.boards(), key=lambda services: services.account.sid)
        groups = groupby(boards, key=lambda services: services.account.sid)
        return [list(group) for _, group in groups]

    def account_of(self, board: Board) -> CarrierAccount:
        """The account that a board uses. Raises Unreadable."""
        if not board.account_sid:
            return _deployment_account(self.settings)
        tokens = (
            self.vault.unseal_token(sealed, board=board.name) for sealed in board.sealed_tokens
        )
        key = self._key_of(board) if board.carrier_key_sid else None
        return CarrierAccount(sid=board.account_sid, tokens=tuple(tokens), key=key)

    def _key_of(self, board: Board) -> CarrierKey:
        sid, sealed = board.carrier_key_sid, board.sealed_key_secret
        secret = self.vault.unseal_key_secret(sealed, board=board.name, key_sid=sid)
        return CarrierKey(sid=sid, secret=secret)

    def _services_of(self, board: Board) -> Services:
        known = self._services.get(board.name)
        if known is None or known.board != board:
            known = self._services[board.name] = self._make(board)
        return known

    def _make(self, board: Board) -> Services:
        try:
            account = self.account_of(board)
        except Unreadable:
            raise Unavailable(f"The credentials of board {board.name} cannot be read.") from None
        return Services(
            board=board,
            account=account,
            settings=self.settings,
            store=Store(
                self.client,
                self.vault.signer,
                board.name,
                messaging_services=board.messaging_services,
                number_map=self.numbers,
            ),
            vault=self.vault,
            carrier=self.carrier_of(account),
            jobs=self._jobs_of(board.name),
        )


def _main_board(settings: Settings) -> Board:
    return Board(
        name=MAIN,
        spoken_name=settings.board_name,
        default_locale=settings.default_locale,
        messaging_services=settings.twilio_messaging_service_sid,
    )


def _deployment_account(settings: Settings) -> CarrierAccount:
    tokens = (settings.twilio_auth_token, settings.twilio_auth_token_next)
    key_sid, secret = settings.twilio_api_key_sid, settings.twilio_api_key_secret
    return CarrierAccount(
        sid=settings.twilio_account_sid,
        tokens=tuple(value for token in tokens if (value := token.get_secret_value())),
        key=CarrierKey(sid=key_sid, secret=secret.get_secret_value()) if key_sid else None,
    )
