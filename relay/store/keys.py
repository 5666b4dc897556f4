"""Every key of the store is named here, and nowhere else (``docs/redis-keys.md`` has the table).

All keys of a pool carry its hash tag ``{pool}``, participants share ``{people}``, so that each
script finds its keys in one slot of a Redis Cluster. Instants are whole POSIX seconds.

=================================  ======  ==========================================  ==========
key                                type    holds                                       lives
=================================  ======  ==========================================  ==========
pools                              set     names of all pools                          for ever
numbers                            hash    virtual number → pool                       for ever
{p}:pool                           hash    policy, next_ordinal, counters              for ever
{p}:numbers                        hash    virtual number → ordinal                    while owned
{p}:ordinals                       hash    ordinal → virtual number                    while owned
{p}:number:<number>                hash    status, carrier sid, capabilities           while owned
{p}:vacant                         zset    ordinals of numbers given back              for ever
{p}:blocked                        bitmap  ordinals that are not allocatable           for ever
{p}:scratch                        bitmap  a claim's intermediate result               in a script
{p}:sessions                       hash    session id → record (``records.py``)        retention
{p}:phone:<index>                  hash    virtual number → session id: the bindings   cooldown
{p}:used:<index>                   bitmap  ordinals on which the phone has a binding   cooldown
{p}:degrees                        zset    phone index by number of bindings           cooldown
{p}:load                           hash    virtual number → sessions, cooling too      cooldown
{p}:codes                          hash    number:code → session id                    cooldown
{p}:pairs:<r|c>:<ref>              hash    counterpart's ref → latest session id       retention
{p}:due                            zset    open session by expiry                      until closed
{p}:cooling                        zset    ordinal:index:session by cooldown's end     cooldown
{p}:ended                          zset    session by the end of its retention         retention
{p}:leases                         hash    session id → calls in progress              call
{p}:interactions                   zset    session, start, id: in lexical order        retention
{p}:call:<CallSid>                 hash    one call                                    retention
{p}:message:<id>                   hash    one message or notice                       retention
{p}:body:<id>                      string  its text and both phones, sealed            delivery
{p}:carried:<MessageSid>           string  carrier's sid → the message that owns it    retention
{p}:told:<number>:<index>          string  text by which a stranger was answered       a day
{p}:outbox                         zset    message to send, by when to look again      delivery
{p}:lanes                          zset    (number, receiver), order, id: lexical      delivery
{p}:sending                        hash    (number, receiver) → token, lease           a send
{p}:moving                         hash    role:ref → which claims are out of date     an hour
{p}:reserved:<change>              hash    what a phone change has reserved            a change
{people}:<recruiter|candidate>:<ref>  hash  the participant, phone sealed              for ever
{people}:holder:<index>            string  ref of the candidate who has this phone     for ever
{people}:changes                   zset    phone changes, erasures under way, by start a change
{people}:stopped:<index>           hash    virtual number or service → word, when, by  STOP: ever
api-keys                           hash    hash of the key → name, scopes              till revoked
conflicts:<api-key>                string  phone conflicts met in this hour            an hour
idempotency:<hash>                 hash    what a POST answered                        24 h
rates:fixed:<limit>/<who>          string  requests in a window (written by limits)    a window
reconciled                         string  until when inbound messages were fetched    for ever
key-canaries                       hash    seal:<id>, index:<id> → trace of this key   for ever
leader:ticker                      string  the ticker that leads                       10 s
=================================  ======  ==========================================  ==========
"""

from __future__ import annotations

from relay.domain.participant import Role

POOLS = "pools"
NUMBERS = "numbers"
API_KEYS = "api-keys"
#: Names its strategy: another one on the same keys would fail (facts/redis-rq.md).
RATES = "rates:fixed"
RECONCILED = "reconciled"
TICKER_LEADER = "leader:ticker"
KEY_CANARIES = "key-canaries"
PHONE_CHANGES = "{people}:changes"


def participant(role: Role, ref: str) -> str:
    return f"{{people}}:{role}:{ref}"


def phone_holder(index: str) -> str:
    return f"{{people}}:holder:{index}"


def conflicts(client_id: str) -> str:
    return f"conflicts:{client_id}"


def stopped(index: str) -> str:
    return f"{{people}}:stopped:{index}"


def idempotency(request_hash: str) -> str:
    return f"idempotency:{request_hash}"


class PoolKeys:
    """The keys of one pool, all in the slot of its hash tag."""

    __slots__ = (
        "blocked",
        "codes",
        "cooling",
        "degrees",
        "due",
        "ended",
        "interactions",
        "lanes",
        "leases",
        "load",
        "moving",
        "numbers",
        "ordinals",
        "outbox",
        "pool",
        "scratch",
        "sending",
        "sessions",
        "tag",
        "vacant",
    )

    def __init__(self, pool: str) -> None:
        self.tag = tag = f"{{{pool}}}:"
        self.pool = f"{tag}pool"
        self.numbers = f"{tag}numbers"
        self.ordinals = f"{tag}ordinals"
        self.vacant = f"{tag}vacant"
        self.blocked = f"{tag}blocked"
        self.scratch = f"{tag}scratch"
        self.sessions = f"{tag}sessions"
        self.degrees = f"{tag}degrees"
        self.load = f"{tag}load"
        self.codes = f"{tag}codes"
        self.due = f"{tag}due"
        self.cooling = f"{tag}cooling"
        self.ended = f"{tag}ended"
        self.leases = f"{tag}leases"
        self.interactions = f"{tag}interactions"
        self.outbox = f"{tag}outbox"
        self.lanes = f"{tag}lanes"
        self.sending = f"{tag}sending"
        self.moving = f"{tag}moving"

    def number(self, number: str) -> str:
        return f"{self.tag}number:{number}"

    def phone(self, index: str) -> str:
        return f"{self.tag}phone:{index}"

    def used(self, index: str) -> str:
        return f"{self.tag}used:{index}"

    def pairs(self, role: Role, ref: str) -> str:
        return f"{self.tag}pairs:{role[0]}:{ref}"

    def call(self, call_sid: str) -> str:
        return f"{self.tag}call:{call_sid}"

    def message(self, message_id: str) -> str:
        return f"{self.tag}message:{message_id}"

    def body(self, message_id: str) -> str:
        return f"{self.tag}body:{message_id}"

    def carried(self, message_sid: str) -> str:
        return f"{self.tag}carried:{message_sid}"

    def told(self, number: str, index: str) -> str:
        return f"{self.tag}told:{number}:{index}"

    def reserved(self, change: str) -> str:
        return f"{self.tag}reserved:{change}"
