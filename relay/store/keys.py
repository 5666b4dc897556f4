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
{p}:resting                        bitmap  ordinals that are allocated last            for ever
{p}:no-voice                       bitmap  ordinals that carry no calls                for ever
{p}:no-sms                         bitmap  ordinals that carry no texts                for ever
{p}:area:<code>                    bitmap  ordinals in that area                       for ever
{p}:busy                           zset    ordinal by open sessions                    while owned
{p}:full                           bitmap  ordinals with as many as the policy lets    for ever
{p}:scratch                        bitmap  an intermediate result                       in a script
{p}:sessions                       hash    session id → record (``records.py``)        retention
{p}:phone:<index>                  hash    virtual number → session ids: the bindings  cooldown
{p}:used:<r|c>:<index>             bitmap  ordinals the phone is bound on as that      cooldown
{p}:shared:<index>                 bitmap  ordinals with several sessions of it        cooldown
{p}:degrees:<r|c|both>             zset    phone index by number of bindings           cooldown
{p}:sharing                        zset    phone index by numbers shared with itself   cooldown
{p}:load                           hash    virtual number → sessions, cooling too      cooldown
{p}:codes                          hash    number:code → session id                    cooldown
{p}:code-lengths                   hash    virtual number → digits of its longest code cooldown
{p}:tries:<CallSid>                hash    a call's attempts whose code was wrong       an hour
{p}:wrong:caller:<index>           string  wrong codes from a phone                    a day
{p}:wrong:number:<number>          string  wrong codes of strangers on a number        a day
{p}:pairs:<r|c>:<ref>              hash    counterpart's ref → latest session id       retention
{p}:due                            zset    open session by expiry                      until closed
{p}:cooling                        zset    ordinal:role:index:session by its end       cooldown
{p}:ended                          zset    session by the end of its retention         retention
{p}:leases                         hash    session id → calls in progress              call
{p}:traffic:<number>               hash    hour → calls, texts; minute → calls         25 hours
{p}:standing                       hash    how its numbers stand, for metrics          10 minutes
{p}:history                        zset    a pool's bounds and size, by the hour       30 days
{p}:interactions                   zset    session, start, id: in lexical order        retention
{p}:call:<CallSid>                 hash    one call                                    retention
{p}:message:<id>                   hash    one message or notice                       retention
{p}:body:<id>                      string  its text and its receiver's phone, sealed   delivery
{p}:carried:<MessageSid>           string  carrier's sid → the message that owns it    retention
{p}:refused:<MessageSid>           string  the answer to a text that went to nobody    a week
{p}:told:<number>:<index>:<about>  string  text that was answered by a refusal         a day
{p}:asked:<number>:<index>         string  questions which session a text is for       an hour
{p}:outbox                         zset    message to send, by when to look again      delivery
{p}:lanes                          zset    (number, receiver), order, id: lexical      delivery
{p}:sending                        hash    (number, receiver) → token, lease           a send
{p}:moving                         hash    role:ref → which claims are out of date     an hour
{p}:reserved:<change>              hash    what a phone change has reserved            a change
{p}:job:<id>                       hash    a purchase: what is wanted, bought, failed  a month
{p}:jobs                           zset    unfinished job by when to look again        a job
{p}:buyer                          hash    token and lease of who buys for the pool    a lease
{p}:buying                         hash    number about to be bought → job, since      a purchase
{p}:ordered:<request>              string  the job that a repeated order has begun     a day
{p}:releasing                      hash    number to be released → its rental          a release
{p}:prepaid                        zset    sid of a released number by its month's end  a month
{p}:idle                           zset    number by since when nothing is on it       while idle
{p}:shortage                       hash    why the pool could not buy, how many        while short
{people}:<recruiter|candidate>:<ref>  hash  the participant, phone sealed              for ever
{people}:holder:<index>            string  ref of the candidate who has this phone     for ever
{people}:changes                   zset    phone changes, erasures under way, by start a change
{people}:stopped:<index>           hash    virtual number or service → word, when, by  STOP: ever
api-keys                           hash    hash of the key → name, scopes              till revoked
conflicts:{api-keys}:<api-key>     string  phone conflicts met in this hour            an hour
idempotency:{api-keys}:<hash>      hash    what a POST answered                        24 h
rates:fixed:{api-keys}:<who>       string  requests in a window                        a window
reconciled                         string  until when inbound messages were fetched    for ever
numbers-compared                   hash    last comparison with the carrier's numbers  for ever
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
#: In the slot of ``api-keys``, which a request of the API needs anyway: in slots of their own,
#: each lost master of a cluster would take a part of all requests with it.
_BESIDE_API_KEYS = f"{{{API_KEYS}}}"
RECONCILED = "reconciled"
COMPARISON = "numbers-compared"
TICKER_LEADER = "leader:ticker"
KEY_CANARIES = "key-canaries"
PHONE_CHANGES = "{people}:changes"


def participant(role: Role, ref: str) -> str:
    return f"{{people}}:{role}:{ref}"


def phone_holder(index: str) -> str:
    return f"{{people}}:holder:{index}"


def conflicts(client_id: str) -> str:
    return f"conflicts:{_BESIDE_API_KEYS}:{client_id}"


def stopped(index: str) -> str:
    return f"{{people}}:stopped:{index}"


def rate(limited: str) -> str:
    return f"{RATES}:{_BESIDE_API_KEYS}:{limited}"


def idempotency(request_hash: str) -> str:
    return f"idempotency:{_BESIDE_API_KEYS}:{request_hash}"


class PoolKeys:
    """The keys of one pool, all in the slot of its hash tag."""

    __slots__ = (
        "blocked",
        "busy",
        "buyer",
        "buying",
        "code_lengths",
        "codes",
        "cooling",
        "due",
        "ended",
        "full",
        "history",
        "idle",
        "interactions",
        "jobs",
        "lanes",
        "leases",
        "load",
        "moving",
        "no_sms",
        "no_voice",
        "numbers",
        "ordinals",
        "outbox",
        "pool",
        "prepaid",
        "releasing",
        "resting",
        "scratch",
        "sending",
        "sessions",
        "sharing",
        "shortage",
        "standing",
        "tag",
        "vacant",
    )

    def __init__(self, pool: str) -> None:  # noqa: PLR0915 - a line for each key
        self.tag = tag = f"{{{pool}}}:"
        self.pool = f"{tag}pool"
        self.numbers = f"{tag}numbers"
        self.ordinals = f"{tag}ordinals"
        self.vacant = f"{tag}vacant"
        self.blocked = f"{tag}blocked"
        self.resting = f"{tag}resting"
        self.no_voice = f"{tag}no-voice"
        self.no_sms = f"{tag}no-sms"
        self.busy = f"{tag}busy"
        self.full = f"{tag}full"
        self.scratch = f"{tag}scratch"
        self.sessions = f"{tag}sessions"
        self.sharing = f"{tag}sharing"
        self.load = f"{tag}load"
        self.codes = f"{tag}codes"
        self.code_lengths = f"{tag}code-lengths"
        self.due = f"{tag}due"
        self.cooling = f"{tag}cooling"
        self.ended = f"{tag}ended"
        self.leases = f"{tag}leases"
        self.interactions = f"{tag}interactions"
        self.outbox = f"{tag}outbox"
        self.lanes = f"{tag}lanes"
        self.sending = f"{tag}sending"
        self.moving = f"{tag}moving"
        self.standing = f"{tag}standing"
        self.history = f"{tag}history"
        self.jobs = f"{tag}jobs"
        self.buyer = f"{tag}buyer"
        self.buying = f"{tag}buying"
        self.releasing = f"{tag}releasing"
        self.prepaid = f"{tag}prepaid"
        self.idle = f"{tag}idle"
        self.shortage = f"{tag}shortage"

    def number(self, number: str) -> str:
        return f"{self.tag}number:{number}"

    def phone(self, index: str) -> str:
        return f"{self.tag}phone:{index}"

    def used(self, role: Role, index: str) -> str:
        return f"{self.tag}used:{role[0]}:{index}"

    def shared(self, index: str) -> str:
        return f"{self.tag}shared:{index}"

    def node(self, index: str) -> tuple[str, str, str, str]:
        """What a phone is bound to, in the order in which ``lua/shared/bindings.lua`` takes it."""
        return (
            self.phone(index),
            self.used(Role.RECRUITER, index),
            self.used(Role.CANDIDATE, index),
            self.shared(index),
        )

    @property
    def degrees(self) -> tuple[str, str, str]:
        """By role, and of phones that have bindings in both."""
        return (f"{self.tag}degrees:r", f"{self.tag}degrees:c", f"{self.tag}degrees:both")

    def area(self, code: str) -> str:
        return f"{self.tag}area:{code}"

    def tries(self, call_sid: str) -> str:
        return f"{self.tag}tries:{call_sid}"

    def wrong_from(self, caller_index: str) -> str:
        return f"{self.tag}wrong:caller:{caller_index}"

    def wrong_on(self, number: str) -> str:
        return f"{self.tag}wrong:number:{number}"

    def pairs(self, role: Role, ref: str) -> str:
        return f"{self.tag}pairs:{role[0]}:{ref}"

    def traffic(self, number: str) -> str:
        return f"{self.tag}traffic:{number}"

    def call(self, call_sid: str) -> str:
        return f"{self.tag}call:{call_sid}"

    def message(self, message_id: str) -> str:
        return f"{self.tag}message:{message_id}"

    def body(self, message_id: str) -> str:
        return f"{self.tag}body:{message_id}"

    def carried(self, message_sid: str) -> str:
        return f"{self.tag}carried:{message_sid}"

    def refused(self, message_sid: str) -> str:
        return f"{self.tag}refused:{message_sid}"

    def told(self, number: str, index: str, about: str) -> str:
        return f"{self.tag}told:{number}:{index}:{about}"

    def asked(self, number: str, index: str) -> str:
        return f"{self.tag}asked:{number}:{index}"

    def job(self, job_id: str) -> str:
        return f"{self.tag}job:{job_id}"

    def ordered(self, request: str) -> str:
        return f"{self.tag}ordered:{request}"

    def reserved(self, change: str) -> str:
        return f"{self.tag}reserved:{change}"
