"""Every key of the store is declared here; ``docs/redis-keys.md`` is made of this.

All keys of a board carry its hash tag, ``{main}:…``, so that one script can touch any of them: a
board is in one slot of a Redis Cluster. Those of one of its pools are ``{main}/us:…``. A few keys
belong to the deployment. Instants are POSIX seconds; ``<index>`` is a phone's keyed hash.

``python -m relay.store.keys`` prints the tables of the document.
"""

from __future__ import annotations

from typing import Any

from relay.store.key_declarations import Family, InPool, Key, Keys, OneOf, Struct


class DeploymentKeys(Keys):
    """What all boards share, in a slot of its own: no board can have this name."""

    PREFIX = "{all_boards}:"

    @classmethod
    def prefix_of(cls, keys: Any) -> str:  # noqa: ARG003 - there is one deployment
        return cls.PREFIX

    #: Never exists. A slot that moves rejects any script that declares it, whole (RD-moving-slot).
    never = Key("string", "nothing, ever", lives="never")
    tried_write = Key("string", "that a write was taken", lives="a minute")
    boards = Key("hash", "board's name → its record (JSON), signed", lives="for ever")
    numbers = Key("hash", "virtual number → board/pool, signed", lives="while owned")
    numbers_version = Key("string", "changes of the hash before", lives="for ever")
    api_keys = Key("hash", "hash of a deployment key → name, scopes, signed", lives="until revoked")
    alarms = Key("hash", "what was not to be believed → how often", lives="for ever")
    passed_over = Key("hash", "board → how often its work has failed", lives="for ever")
    key_check_values = Key(
        "hash", "seal:<id>, index:<id> → what tells another key under an old id", lives="for ever"
    )
    rate = Family("string", "who", "wrong keys in a window", lives="a window", name="rates:fixed")
    idempotency = Family("hash", "hash", "what a POST answered", lives="24 h")
    fetched = Family("string", "account", "until when inbound texts were fetched", lives="for ever")
    fetching = Family(
        "hash",
        "account",
        "how far an unfinished look through that list is",
        lives="until finished",
    )
    tried = Family("string", "MessageSid", "when a listed text failed first", lives="two days")
    compared = Family(
        "hash", "account", "last comparison with an account's numbers", lives="for ever"
    )
    rewriting = Key(
        "string", "latest rewriting of Redis's files: boards, servers, progress", lives="for ever"
    )
    #: Laid out as a board's; the scripts about STOPs run with either.
    stopped = Family(
        "hash",
        "index",
        "messaging service → last word (stopped, started, lifted), when, texts, last refusal",
        lives="STOP: for ever",
    )
    sends = Family(
        "string", "account", "until when its texts of a second are used up", lives="a minute"
    )
    ticker_leader = Key("string", "the ticker that leads", lives="10 s")
    successes = Key("hash", "periodic job → when it last ended well", lives="for ever")
    carrier_times = Key(
        "hash",
        "kind of request, how it ended, at most so many seconds → how many; µs → in all",
        lives="for ever",
    )

    cleared_keys = Key(
        "hash",
        "id of an index key → until when (0: not any more) the last reseal left anything under it",
        lives="for ever",
    )

    stamped = OneOf("api_keys", "boards", "numbers")


class BoardKeys(Keys):
    """The keys of one board, all in its slot. ``in_pool`` adds those of one of its pools."""

    PREFIX = "{b}:"

    def __init__(self, board: str) -> None:
        self.board = board
        self.board_prefix = f"{{{board}}}:"
        self._pools: dict[str, PoolKeys] = {}

    @classmethod
    def prefix_of(cls, keys: Any) -> str:
        return str(keys.board_prefix)

    def in_pool(self, pool: str) -> PoolKeys:
        """The keys of a pool beside the board's."""
        found = self._pools.get(pool)
        if found is None:
            found = self._pools[pool] = PoolKeys(self.board, pool)
        return found

    never = Key("string", "nothing, ever", lives="never")
    tried_write = Key("string", "that a write was taken", lives="a minute")

    pools = Key("set", "names of the board's pools", lives="for ever")
    counters = Key("hash", "text_order: texts and notices so far", lives="for ever")

    person = Family(
        "hash",
        "role ref",
        "a participant: their phone's indexes and hint, locale, …",
        lives="until erased",
    )
    refs = Family("sorted set", "role", "refs of all on record, by name", lives="until erased")
    seals = Key("hash", "role:ref → the person's phone, sealed to them", lives="until erased")
    under_keys = Key(
        "hash",
        "phone, text or index:<key id> → how many phones, kept texts and people are under it",
        lives="for ever",
    )
    reach = Key(
        "hash", "role:ref → why texts do not reach the person, at which index", lives="until erased"
    )
    closed_countries = Key(
        "hash", "country → when the carrier last refused a text to it", lives="for ever"
    )
    holder = Family("string", "index", "ref of the candidate who has this phone", lives="for ever")
    stopped = Family(
        "hash",
        "index",
        "virtual number → last word (stopped, started, lifted), when, texts, last refusal",
        lives="STOP: for ever",
    )
    guesses_of = Family("string", "kind role ref", "phones compared with a person's", lives="a day")
    guesses_by = Family("string", "kind client", "phones an API key had compared", lives="a day")
    compared_with = Family(
        "set", "role ref", "keyed hashes of digits compared with a person's phone", lives="a day"
    )
    registered = Family(
        "string",
        "client",
        "how many phones an API key has put on record (HyperLogLog)",
        lives="for ever",
    )
    new_counterparts = Family(
        "string", "role ref", "indexes, cut short, of a person's new counterparts", lives="a day"
    )
    erasures = Key("sorted set", "role:ref of who was erased, by when (in ms)", lives="a month")
    carrier_erasures = Key(
        "sorted set",
        "role:ref of who was erased, whose records the carrier still has, by when (in ms)",
        lives="until deleted there",
    )
    gone = Family(
        "set",
        "moment",
        "calls and texts of somebody erased then whose records the carrier has deleted",
        lives="until all are",
    )
    rewritten = Key(
        "string", "up to which moment (in ms) erasures are in no file", lives="for ever"
    )

    sessions = Key("hash", "session id → record (`records.py`)", lives="retention")
    open = Family("hash", "role ref", "counterpart's ref → id of the open session", lives="open")
    past = Family(
        "hash", "role ref", "counterpart's ref → id of the latest ended session", lives="retention"
    )
    sessions_of = Struct("role ref", open="open", past="past")
    phone = Family(
        "hash", "index", "virtual number → session ids: a phone's bindings", lives="cooldown"
    )
    load = Key("hash", "virtual number → sessions, open and cooling", lives="cooldown")
    codes = Key("hash", "number:code → session id", lives="cooldown")
    code_lengths = Key("hash", "virtual number → digits of its longest code", lives="cooldown")
    tries = Family(
        "hash", "CallSid", "a call's attempts at a code, and what each got", lives="an hour"
    )
    wrong_from = Family(
        "string", "index", "wrong codes from a phone", lives="a day", name="wrong-from"
    )
    wrong_on = Family(
        "string", "number", "wrong codes of strangers there; those with A apart", lives="a day"
    )
    silent = Family(
        "string",
        "number index",
        "calls of a stranger there in which nothing was entered; those with A apart",
        lives="an hour",
    )
    ended = Key("sorted set", "session by the end of its retention", lives="retention")
    leases = Key("hash", "session id → calls in progress", lives="a call")

    interactions = Key("sorted set", "session, start, id: in lexical order", lives="retention")
    timeline = Key("sorted set", "start, session, id: in lexical order", lives="retention")
    call = Family("hash", "CallSid", "one call", lives="retention")
    message = Family("hash", "id", "one text or notice", lives="retention")
    body = Family("string", "id", "its text, sealed", lives="delivery")
    kept_bodies = Key("sorted set", "key id:message id of a body, by its end", lives="delivery")
    carried = Family(
        "string", "MessageSid", "the message that owns a carrier's sid", lives="retention"
    )
    refused = Family("string", "MessageSid", "answer to a text that went to nobody", lives="a week")
    decided = Family(
        "set",
        "bucket",
        "calls and texts decided on, or charged, as truncated keyed hashes",
        lives="60 days",
    )
    told = Family(
        "string", "number index about", "text that was answered by a refusal", lives="a day"
    )
    pace = Family("string", "session role", "how fast they write", lives="a day")
    words_pace = Family("hash", "session role words", "how often these same words", lives="a day")
    asked = Family(
        "string", "number index", "questions which session a text is for", lives="an hour"
    )
    asked_words = Family(
        "string", "number index words", "of them, about these words", lives="an hour"
    )
    traffic = Family("hash", "number", "hour → calls, texts; minute → calls", lives="25 hours")
    outbox = Key("sorted set", "message to send, by when to look again", lives="delivery")
    lanes = Key("sorted set", "(number, receiver), order, id: in lexical order", lives="delivery")
    unreported = Key("sorted set", "text that was sent, by when to ask how it ended", lives="a day")
    restored = Key(
        "string",
        "after a restore: moments of the snapshot and of the end of what may be lost",
        lives="a week",
    )
    refusals = Key("hash", "trouble:code → texts that the carrier refused so", lives="for ever")
    unsent = Key(
        "sorted set", "message to send, by since when it could have been", lives="delivery"
    )
    outcomes = Key(
        "hash", "kind:end:why → calls, texts and notices that ended so", lives="for ever"
    )
    unended = Key("sorted set", "call that was connected, by when to ask", lives="a call")
    sending = Key("hash", "(number, receiver) → token, lease", lives="a send")

    api_keys = Key("hash", "hash of an API key → name, scopes, signed", lives="until revoked")
    idempotency = Family("hash", "hash", "what a POST answered", lives="24 h")
    #: Names its strategy: another one on the same keys would fail (RD-strategy).
    rate = Family(
        "string",
        "who",
        "requests in a window",
        lives="a window",
        name="rates:fixed",
    )

    stamped = OneOf("api_keys", "sessions")
    whole_pool = InPool(
        "",
        *("policy", "numbers", "ordinals", "blocked", "resting", "full", "no_voice"),
        *("no_sms", "sms_unready"),
        *("busy", "scratch", "degrees", "sharing", "due", "cooling", "idle"),
    )
    node_in = InPool("index", "node")
    area_in = InPool("code", "area")


class PoolKeys(BoardKeys):
    """The keys of one pool, and all of its board's."""

    PREFIX = "{b}/<pool>:"

    def __init__(self, board: str, pool: str) -> None:
        super().__init__(board)
        self.pool = pool
        self.pool_prefix = f"{{{board}}}/{pool}:"

    @classmethod
    def prefix_of(cls, keys: Any) -> str:
        return str(keys.pool_prefix)

    policy = Key("hash", "policy, its signature, next ordinal, counters", lives="for ever")
    stamped = OneOf("policy")
    numbers = Key("hash", "virtual number → ordinal", lives="while owned")
    ordinals = Key("hash", "ordinal → virtual number", lives="while owned")
    number = Family(
        "hash",
        "number",
        "status, carrier sid, capabilities, rent, registration, messaging service",
        lives="while owned",
    )
    vacant = Key("sorted set", "ordinals of numbers given back", lives="for ever")
    blocked = Key("bitmap", "ordinals that are not allocatable", lives="for ever")
    resting = Key("bitmap", "ordinals that are allocated last", lives="for ever")
    no_voice = Key("bitmap", "ordinals that carry no calls", lives="for ever")
    no_sms = Key("bitmap", "ordinals that carry no texts", lives="for ever")
    sms_unready = Key(
        "bitmap",
        "ordinals whose last text was refused for the number's sake, or that wait for registration",
        lives="for ever",
    )
    area = Family("bitmap", "code", "ordinals in that area", lives="for ever")
    busy = Key("sorted set", "ordinal by open sessions", lives="while owned")
    full = Key("bitmap", "ordinals with as many as the policy lets", lives="for ever")
    scratch = Key("bitmap", "an intermediate result", lives="in a script")

    used_by_recruiter = Family(
        "bitmap", "index", "ordinals the phone is a recruiter's on", lives="cooldown", name="used:r"
    )
    used_by_candidate = Family(
        "bitmap", "index", "ordinals the phone is a candidate's on", lives="cooldown", name="used:c"
    )
    shared = Family("bitmap", "index", "ordinals with several sessions of it", lives="cooldown")
    recruiter_degrees = Key(
        "sorted set", "recruiter's phone index by its bindings", lives="cooldown"
    )
    candidate_degrees = Key(
        "sorted set", "candidate's phone index by its bindings", lives="cooldown"
    )
    both_degrees = Key(
        "sorted set", "sum of both degrees, of phones with both roles", lives="cooldown"
    )
    sharing = Key("sorted set", "phone index by numbers shared with itself", lives="cooldown")
    due = Key("sorted set", "open session by expiry", lives="until closed")
    cooling = Key("sorted set", "ordinal:role:index:session by its end", lives="cooldown")

    usage = Key("hash", "session, role:ref, pool → calls, minutes, texts of a day", lives="2 days")
    number_stats = Key("hash", "counts of its numbers, for metrics", lives="10 minutes")
    history = Key("sorted set", "the pool's bounds and size, by the hour", lives="30 days")
    charges = Key(
        "hash",
        "unit → what the carrier charges traffic by, in all and by day; day → sessions opened",
        lives="for ever; a day's: a month",
    )
    swept = Key(
        "hash",
        "virtual number → when the carrier's old records of it were last deleted, stamped",
        lives="until all are",
    )
    idle = Key("sorted set", "number by since when nothing is on it", lives="while idle")
    purchase = Family("hash", "id", "what is wanted, bought, failed", lives="a month")
    purchases = Key("sorted set", "unfinished purchase by when to look again", lives="a purchase")
    buyer = Key("hash", "token and lease of who buys for the pool", lives="a lease")
    buying = Key("hash", "number about to be bought → purchase, since", lives="a purchase")
    ordered = Family("string", "request", "the purchase a repeated order has begun", lives="a day")
    releasing = Key("hash", "number to be released → its rental", lives="a release")
    prepaid = Key("sorted set", "sid of a released number by its month's end", lives="a month")
    shortage = Key("hash", "why the pool could not buy, how many", lives="while short")

    #: A phone on a pool's numbers: ``bindings.lua``.
    used = Struct("index", recruiter="used_by_recruiter", candidate="used_by_candidate")
    node = Struct("index", phone="phone", used="used", shared="shared")
    degrees = Struct(
        recruiter="recruiter_degrees", candidate="candidate_degrees", both="both_degrees"
    )


def tables() -> str:
    """What is declared here as the tables of ``docs/redis-keys.md``."""
    sections = (
        ("What all boards share", DeploymentKeys),
        ("A board", BoardKeys),
        ("A pool of a board", PoolKeys),
    )
    return "\n\n".join(f"### {title}\n\n{_table(owner)}" for title, owner in sections)


def _table(owner: type[Keys]) -> str:
    rows = [f"| `{key.pattern}` | {key.kind} | {key.holds} | {key.lives} |" for key in owner.own()]
    return "\n".join(["| key | type | holds | lives |", "| --- | --- | --- | --- |", *rows])


if __name__ == "__main__":
    print(tables())  # noqa: T201 - the document's tables
