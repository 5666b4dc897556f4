"""All records of the store behind one name."""

from __future__ import annotations

from relay.store.calls import Calls
from relay.store.comparisons import Comparisons
from relay.store.connection import Client
from relay.store.erasing import Erasing
from relay.store.history import History
from relay.store.idle_numbers import IdleNumbers
from relay.store.jobs import PurchaseJobs
from relay.store.messages import Messages
from relay.store.notices import Notices
from relay.store.numbers import Numbers
from relay.store.people import People
from relay.store.phone_changes import PhoneChanges
from relay.store.phone_moves import PhoneMoves
from relay.store.pools import Pools
from relay.store.recycling import Recycling
from relay.store.reputation import Reputation
from relay.store.scripts import Scripts
from relay.store.sessions import Sessions
from relay.store.suppressions import Suppressions


class Store:
    """One Redis, one client; every attribute is one kind of record."""

    def __init__(self, client: Client, *, replicas: int = 0) -> None:
        self.client = client
        scripts = Scripts(client, replicas=replicas)
        self.pools = Pools(client, scripts)
        self.numbers = Numbers(client, scripts)
        self.idle_numbers = IdleNumbers(client, scripts)
        self.jobs = PurchaseJobs(client, scripts)
        self.comparisons = Comparisons(client)
        self.people = People(client, scripts)
        self.phone_changes = PhoneChanges(client, scripts)
        self.phone_moves = PhoneMoves(client, scripts)
        self.erasing = Erasing(client, scripts)
        self.sessions = Sessions(client, scripts)
        self.recycling = Recycling(client, scripts)
        self.calls = Calls(client, scripts)
        self.messages = Messages(client, scripts)
        self.notices = Notices(client, scripts)
        self.reputation = Reputation(client, scripts)
        self.history = History(client, scripts)
        self.suppressions = Suppressions(client)
