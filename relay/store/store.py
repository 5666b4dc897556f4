"""All records of the store behind one name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from relay.domain.board import MAIN
from relay.signing import Signer
from relay.store.api_keys import ApiKeys
from relay.store.calls import Calls
from relay.store.comparisons import Comparisons
from relay.store.connection import Client
from relay.store.counts import Counts
from relay.store.erasures import Erasures
from relay.store.history import History
from relay.store.idle_numbers import IdleNumbers
from relay.store.keys import BoardKeys, DeploymentKeys
from relay.store.lost_numbers import LostNumbers
from relay.store.messages import Messages
from relay.store.notices import Notices
from relay.store.number_map import NumberMap
from relay.store.numbers import Numbers
from relay.store.outcomes import Outcomes
from relay.store.people import People
from relay.store.phone_changes import PhoneChanges
from relay.store.pools import Pools
from relay.store.purchases import Purchases
from relay.store.recycling import Recycling
from relay.store.reputation import Reputation
from relay.store.resealing import Resealing
from relay.store.scripts import Scripts
from relay.store.sessions import Sessions
from relay.store.suppressions import Suppressions


class Store:
    """One board's part of Redis; every attribute is one kind of record. ``messaging_services`` are
    the sids of those that the board's numbers join. ``alarms`` counts by ``Alarm``, and
    ``passed_over`` by board, "" for several at once. ``number_map`` is the one that all boards of
    this process share.
    """

    def __init__(
        self,
        client: Client,
        signer: Signer,
        board: str = MAIN,
        *,
        messaging_services: Sequence[str] = (),
        number_map: NumberMap | None = None,
    ) -> None:
        self.client = client
        self.number_map = number_map or NumberMap(client, signer)
        self.keys = keys = BoardKeys(board)
        self._scripts = scripts = Scripts(client)
        self.api_keys = ApiKeys(client, keys, signer)
        self.alarms = Counts(client, DeploymentKeys().alarms)
        self.passed_over = Counts(client, DeploymentKeys().passed_over)
        self.pools = Pools(client, scripts, keys, signer)
        self.numbers = Numbers(client, scripts, keys, self.number_map, signer)
        self.suppressions = Suppressions(client, scripts, keys, self.number_map, messaging_services)
        self.lost_numbers = LostNumbers(client, scripts, keys, signer, self.suppressions)
        self.idle_numbers = IdleNumbers(client, scripts, keys)
        self.purchases = Purchases(client, scripts, keys)
        self.comparisons = Comparisons(client)
        self.people = People(client, scripts, keys)
        self.phone_changes = PhoneChanges(client, scripts, keys, signer, self.suppressions)
        self.erasures = Erasures(client, scripts, keys)
        self.sessions = Sessions(client, scripts, keys, signer)
        self.recycling = Recycling(client, scripts, keys)
        self.calls = Calls(client, scripts, keys)
        self.messages = Messages(client, scripts, keys)
        self.notices = Notices(client, scripts, keys)
        self.reputation = Reputation(client, scripts, keys)
        self.history = History(client, scripts, keys)

    @cached_property
    def outcomes(self) -> Outcomes:
        """For metrics."""
        return Outcomes(self.client, self.keys)

    @cached_property
    def resealing(self) -> Resealing:
        """For an operator's command and checks: no request asks for it."""
        return Resealing(self.client, self._scripts, self.keys)
