"""What must be true of a pool at every moment, recomputed from its sessions.

``audit_pool`` takes a snapshot in one step, so it may be called while others are at work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from relay.domain.participant import Role
from relay.domain.pool import NumberStatus
from relay.domain.session import Session, SessionStatus
from relay.store.keys import PoolKeys
from relay.store.records import unpack_session
from relay.store.store import Store

_SNAPSHOT = """
local answer = {}
for _, key in ipairs(redis.call("KEYS", ARGV[1] .. "*")) do
  local kind, content = redis.call("TYPE", key)["ok"], {}
  if kind == "hash" then
    content = redis.call("HGETALL", key)
  elseif kind == "zset" then
    content = redis.call("ZRANGE", key, 0, -1, "WITHSCORES")
  elseif string.find(key, ":used:", 1, true) or string.find(key, ":shared:", 1, true)
    or string.find(key, ":blocked", 1, true) or string.find(key, ":full", 1, true)
  then
    for bit = 0, 8 * redis.call("STRLEN", key) - 1 do
      if redis.call("GETBIT", key, bit) == 1 then
        content[#content + 1] = tostring(bit)
      end
    end
  end
  answer[#answer + 1] = { key, kind, content }
end
return answer
"""


#: What a pool keeps when nobody is connected any more: its numbers and policy, and what ends by its
#: own lifetime.
LASTING = {
    *("pools", "person", "refs", "seals", "holder", "stopped", "counters", "registered"),
    *("guesses-of", "guesses-by", "compared-with", "new-counterparts"),
    *("decided", "erasures", "carrier-erasures", "rewritten"),
    *("policy", "numbers", "ordinals", "number", "busy"),
    *("blocked", "resting", "full", "no-voice", "no-sms", "sms-unready", "area"),
    *("call", "wrong-from", "wrong-on", "silent", "tries", "traffic", "usage", "history", "rates"),
    *("charges", "outcomes", "under-keys"),
}


def left_over(client: redis.Redis, pool: str) -> set[str]:
    """Kinds of keys that a pool at rest should not have."""
    keys = PoolKeys("main", pool)
    prefixes = (keys.board_prefix, keys.pool_prefix)
    found = {
        key.removeprefix(prefix).split(":")[0]
        for prefix in prefixes
        for key in client.scan_iter(f"{prefix}*")
    }
    return found - LASTING


@dataclass(frozen=True)
class Snapshot:
    hashes: dict[str, dict[str, str]]
    zsets: dict[str, dict[str, float]]
    bitmaps: dict[str, set[int]]

    def of_prefix(self, kind: dict[str, Any], prefix: str) -> dict[str, Any]:
        return {key[len(prefix) :]: v for key, v in kind.items() if key.startswith(prefix)}


def snapshot(client: redis.Redis, board: str = "main") -> Snapshot:
    taken = Snapshot({}, {}, {})
    # The key leads to the master that has the board, also when its slot has just moved.
    for key, kind, content in client.eval(_SNAPSHOT, 1, f"{{{board}}}:never", f"{{{board}}}"):
        pairs = dict(zip(content[::2], content[1::2], strict=False))
        if kind == "hash":
            taken.hashes[key] = pairs
        elif kind == "zset":
            taken.zsets[key] = {member: float(score) for member, score in pairs.items()}
        elif any(name in key for name in (":used:", ":shared:", ":blocked", ":full")):
            taken.bitmaps[key] = {int(bit) for bit in content}
    return taken


def audit_pool(client: redis.Redis, pool: str, board: str = "main") -> dict[str, Session]:
    """Fails when anything in the pool contradicts its sessions; answers these."""
    seen = snapshot(client, board)
    keys = PoolKeys(board, pool)
    sessions = {
        session_id: unpack_session(session_id, record)
        for session_id, record in seen.hashes.get(keys.sessions, {}).items()
        if session_id.startswith(f"{pool}.")
    }
    bindings = _expected_bindings(seen, keys, sessions)
    _audit_phones(seen, keys, bindings)
    _audit_degrees(seen, keys, bindings)
    _audit_sharing(seen, keys, sessions, bindings)
    _audit_sessions(seen, keys, sessions, Counter(i for held in bindings.values() for i in held))
    _audit_open(seen, keys, sessions)
    _audit_codes(seen, keys, sessions)
    _audit_numbers(seen, keys)
    return sessions


#: (virtual number, phone index, role there) → the sessions.
Bindings = dict[tuple[str, str, Role], set[str]]


def _expected_bindings(seen: Snapshot, keys: PoolKeys, sessions: dict[str, Session]) -> Bindings:
    """P1: each (number, phone) has one counterpart at most, unless the phone is a recruiter's."""
    bindings: Bindings = {}
    for number, index, role, session_id in (
        *_live_bindings(sessions),
        *_cooling_bindings(seen, keys),
    ):
        bindings.setdefault((number, index, role), set()).add(session_id)
    for (number, index, role), held in bindings.items():
        assert role is Role.RECRUITER or len(held) == 1, f"{number} is bound to {index} by {held}"
        assert (number, index, role.other) not in bindings, f"{index} has both roles on {number}"
    return bindings


def _live_bindings(sessions: dict[str, Session]) -> Iterator[tuple[str, str, Role, str]]:
    for session in sessions.values():
        if session.status is SessionStatus.OPEN:
            yield from _both_sides(session, session.virtual_number)


def _both_sides(session: Session, number: str) -> Iterator[tuple[str, str, Role, str]]:
    for role in Role:
        yield number, session.party(role).phone_index, role, session.id


def _cooling_bindings(seen: Snapshot, keys: PoolKeys) -> Iterator[tuple[str, str, Role, str]]:
    number_of = seen.hashes.get(keys.ordinals, {})
    for member in seen.zsets.get(keys.cooling, {}):
        ordinal, role, index, session_id = member.split(":")
        yield number_of[ordinal], index, Role(role), session_id


def _audit_phones(seen: Snapshot, keys: PoolKeys, bindings: Bindings) -> None:
    ordinal_of = {n: int(o) for n, o in seen.hashes.get(keys.numbers, {}).items()}
    assert {str(o): n for n, o in ordinal_of.items()} == seen.hashes.get(keys.ordinals, {})
    phones: dict[str, dict[str, set[str]]] = {}
    for (number, index, _), held in bindings.items():
        phones.setdefault(index, {})[number] = held
    found = seen.of_prefix(seen.hashes, keys.phone(""))
    here = {
        index: {number: set(ids.split()) for number, ids in held.items() if number in ordinal_of}
        for index, held in found.items()
    }
    assert {index: held for index, held in here.items() if held} == phones
    for role in Role:
        used: dict[str, set[int]] = {}
        for number, index, role_there in bindings:
            if role_there is role:
                used.setdefault(index, set()).add(ordinal_of[number])
        marked = seen.of_prefix(seen.bitmaps, _used(keys, role)(""))
        assert {index: places for index, places in marked.items() if places} == used
        assert set(marked) <= set(phones)


def _used(keys: PoolKeys, role: Role) -> Any:
    return keys.used_by_recruiter if role is Role.RECRUITER else keys.used_by_candidate


def _audit_degrees(seen: Snapshot, keys: PoolKeys, bindings: Bindings) -> None:
    degrees: dict[Role, Counter[str]] = {role: Counter() for role in Role}
    for (_, index, role), held in bindings.items():
        degrees[role][index] += len(held)
    as_recruiter, as_candidate = degrees[Role.RECRUITER], degrees[Role.CANDIDATE]
    both = {i: as_recruiter[i] + as_candidate[i] for i in as_recruiter if i in as_candidate}
    by_key = {
        keys.recruiter_degrees: as_recruiter,
        keys.candidate_degrees: as_candidate,
        keys.both_degrees: Counter(both),
    }
    for key, expected in by_key.items():
        assert seen.zsets.get(key, {}) == dict(expected)


def _audit_sharing(
    seen: Snapshot, keys: PoolKeys, sessions: dict[str, Session], bindings: Bindings
) -> None:
    """Every recruiter of several sessions on a number needs a code there, and nobody else."""
    ordinal_of = {n: int(o) for n, o in seen.hashes.get(keys.numbers, {}).items()}
    shared: dict[str, set[int]] = {}
    for (number, index, role), held in bindings.items():
        if len(held) > 1:
            shared.setdefault(index, set()).add(ordinal_of[number])
        for session in map(sessions.__getitem__, held):
            if role is Role.RECRUITER and session.recruiter.phone_index == index:
                assert session.code_needed == (len(held) > 1), session
    marked = seen.of_prefix(seen.bitmaps, keys.shared(""))
    assert {index: places for index, places in marked.items() if places} == shared
    assert seen.zsets.get(keys.sharing, {}) == {i: len(places) for i, places in shared.items()}


def _audit_sessions(
    seen: Snapshot, keys: PoolKeys, sessions: dict[str, Session], bound: Counter[str]
) -> None:
    load: Counter[str] = Counter()
    ended = set()
    for session in sessions.values():
        assert session.bindings == bound[session.id], f"{session} holds {bound[session.id]}"
        if session.bindings:
            load[session.virtual_number] += 1
        else:
            ended.add(session.id)
    assert set(bound) <= set(sessions)
    here = {i for i in seen.zsets.get(keys.ended, {}) if i.startswith(f"{keys.pool}.")}
    assert here == ended
    numbers = seen.hashes.get(keys.numbers, {})
    counted = seen.hashes.get(keys.load, {})
    assert {n: int(count) for n, count in counted.items() if n in numbers} == dict(load)


def _audit_open(seen: Snapshot, keys: PoolKeys, sessions: dict[str, Session]) -> None:
    open_ones = [s for s in sessions.values() if s.status is SessionStatus.OPEN]
    assert set(seen.zsets.get(keys.due, {})) == {s.id for s in open_ones}
    assert int(seen.hashes[keys.policy].get("open_sessions", 0)) == len(open_ones)
    busy = Counter(str(session.ordinal) for session in open_ones)
    places = seen.hashes.get(keys.ordinals, {})
    assert seen.zsets.get(keys.busy, {}) == {place: busy[place] for place in places}
    most = seen.hashes[keys.policy]["max_sessions_per_number"]
    full = {int(place) for place in places if most and busy[place] >= int(most)}
    assert seen.bitmaps.get(keys.full, set()) == full
    for role in Role:
        found = seen.of_prefix(seen.hashes, f"{keys.board_prefix}open:{role}:")
        assert {
            (ref, other): session_id
            for ref, sessions_of in found.items()
            for other, session_id in sessions_of.items()
            if session_id.startswith(f"{keys.pool}.")
        } == {(s.party(role).ref, s.party(role.other).ref): s.id for s in open_ones}
        past = seen.of_prefix(seen.hashes, f"{keys.board_prefix}past:{role}:")
        kept = {session_id for sessions_of in past.values() for session_id in sessions_of.values()}
        latest = {i for i in kept if i.startswith(f"{keys.pool}.")}
        assert latest <= {s.id for s in sessions.values() if s.status is SessionStatus.CLOSED}


def _audit_numbers(seen: Snapshot, keys: PoolKeys) -> None:
    statuses = Counter(
        seen.hashes[keys.number(n)]["status"] for n in seen.hashes.get(keys.numbers, {})
    )
    counted = {s: int(seen.hashes[keys.policy].get(f"numbers:{s}", 0)) for s in NumberStatus}
    assert counted == {status: statuses[status] for status in NumberStatus}
    assert not set(seen.zsets.get(keys.idle, {})) & set(seen.hashes.get(keys.load, {}))


def _audit_codes(seen: Snapshot, keys: PoolKeys, sessions: dict[str, Session]) -> None:
    numbers = seen.hashes.get(keys.numbers, {})
    of_board = seen.hashes.get(keys.codes, {})
    codes = {code: i for code, i in of_board.items() if code.partition(":")[0] in numbers}
    longest: dict[str, int] = {}
    for code in codes:
        number, _, digits = code.partition(":")
        longest[number] = max(longest.get(number, 6), len(digits))
    lengths = seen.hashes.get(keys.code_lengths, {})
    assert all(int(lengths.get(number, 6)) >= digits for number, digits in longest.items())
    for code, session_id in codes.items():
        session = sessions[session_id]
        assert code == f"{session.virtual_number}:{session.access_code}"
        assert session.bindings
    for session in sessions.values():
        if session.status is SessionStatus.OPEN:
            assert codes[f"{session.virtual_number}:{session.access_code}"] == session.id


def audit_under_keys(client: redis.Redis, board: str = "main") -> None:
    """Fails when the counts of what is under each key are not what a look at all of it finds."""
    seen, keys = snapshot(client, board), PoolKeys(board, "")
    counts = Counter(
        f"phone:{sealed.partition(':')[0]}" for sealed in seen.hashes.get(keys.seals, {}).values()
    )
    people = seen.of_prefix(seen.hashes, f"{keys.board_prefix}person:")
    first_ids = (record.get("key_ids", "").partition(",")[0] for record in people.values())
    counts.update(f"index:{key_id}" for key_id in first_ids if key_id)
    kept = seen.zsets.get(keys.kept_bodies, {})
    counts.update(f"text:{member.partition(':')[0]}" for member in kept)
    for member in kept:
        key_id, _, message = member.partition(":")
        assert (client.get(keys.body(message)) or f"{key_id}:").startswith(f"{key_id}:")
    under = seen.hashes.get(keys.under_keys, {})
    assert {field: int(count) for field, count in under.items()} == dict(counts)


def audit_people(client: redis.Redis, store: Store, pools: Iterable[str], now: float) -> None:
    """Fails when somebody's sessions and their record disagree. Only while nothing changes."""
    for pool in pools:
        for session in audit_pool(client, pool, store.keys.board).values():
            if not session.is_live(now):
                continue
            assert store.sessions.is_genuine(session), f"{session.id} is not signed"
            for role in Role:
                person = store.people.get(role, session.party(role).ref)
                assert person is not None, f"{session.id} has a {role} who is not there"
                assert person.sealed_phone, f"{session.id} has a {role} without a phone"
                assert session.party(role).phone_index in person.phone_indexes
    audit_under_keys(client, store.keys.board)
    holders = {
        key.rpartition(":")[2]: client.get(key) for key in client.scan_iter(store.keys.holder("*"))
    }
    for key in client.scan_iter(store.keys.person(Role.CANDIDATE, "*")):
        person = store.people.get(Role.CANDIDATE, key.rpartition(":")[2])
        if person is not None and person.phone_indexes:
            assert holders.pop(person.phone_indexes[0], None) == person.ref
    assert not holders, f"phones held by nobody: {holders}"
