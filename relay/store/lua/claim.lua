-- claim: gives a pair its virtual number, or its open session back. One atomic step, so that two
-- web processes can never hand out the same binding (P1).
-- uses: session, leases, closing, bindings, choosing
--
-- A pair that has an open session gets that one. One that comes back gets its old number where
-- that is still free for both, else the lowest number free for both. Safe to run twice: the
-- proposed id tells a repeated claim from a new one.
--
-- Answers {"created" | "existing", id, record} | {"exhausted", reason} | {"moving"} | {"taken"}.
local keys = {
  pool = KEYS[1],              -- hash
  ordinals = KEYS[2],          -- hash
  blocked = KEYS[3],           -- bitmap
  scratch = KEYS[4],           -- bitmap
  sessions = KEYS[5],          -- hash
  due = KEYS[6],               -- sorted set
  cooling = KEYS[7],           -- sorted set
  ended = KEYS[8],             -- sorted set
  leases = KEYS[9],            -- hash
  codes = KEYS[10],            -- hash
  load = KEYS[11],             -- hash
  degrees = KEYS[12],          -- sorted set
  moving = KEYS[13],           -- hash
  recruiter_pairs = KEYS[14],  -- hash
  candidate_pairs = KEYS[15],  -- hash
}
local FIRST_NODE_KEY = 16      -- recruiter's phone hashes and bitmaps, then the candidate's

local now = tonumber(ARGV[1])                    -- seconds
local id = ARGV[2]                               -- proposed session id
local expires_at = ARGV[3]                       -- whole seconds
local extend = ARGV[4] == "1"                    -- an expiry was asked for, not the default
local channels = ARGV[5]                         -- "vs", "v", "s"
local context = ARGV[6]
local cooldowns = { recruiter = tonumber(ARGV[7]), candidate = tonumber(ARGV[8]) }  -- seconds
local retention = tonumber(ARGV[9])              -- seconds
local recruiter = { ref = ARGV[10], sealed = ARGV[11], locale = ARGV[12], screen = ARGV[13] }
local candidate = { ref = ARGV[14], sealed = ARGV[15], locale = ARGV[16] }
local draws = { ARGV[17], ARGV[18], ARGV[19], ARGV[20], ARGV[21], ARGV[22] }
local alternatives = tonumber(ARGV[23])          -- index keys in use
local FIRST_INDEX = 24                           -- recruiter's indexes, then the candidate's

local function node_of(side)
  local keys_before = FIRST_NODE_KEY + side * 2 * alternatives
  local offset = living(keys_before, alternatives)
  return {
    phone = KEYS[keys_before + offset],
    used = KEYS[keys_before + alternatives + offset],
    index = ARGV[FIRST_INDEX + side * alternatives + offset],
  }
end

-- A phone change or an erasure has not reached the caller yet: what it read is out of date. The
-- marker says which index the claim must come with, or how the phone begins it must not come with:
-- past the key's id, since a phone that is sealed anew under another key keeps its nonce.
local function is_outdated(role, person, side)
  local marker = redis.call("HGET", keys.moving, role .. ":" .. person.ref)
  local wanted, till = string.match(marker or "", "^([^\t]*)\t(%d+)\t")
  if not wanted or now >= tonumber(till) then
    return false
  elseif string.sub(wanted, 1, 1) == "!" then
    local lost = string.match(wanted, ":(.*)$")
    return string.sub(string.match(person.sealed, ":(.*)$"), 1, #lost) == lost
  end
  for offset = 0, alternatives - 1 do
    if ARGV[FIRST_INDEX + side * alternatives + offset] == wanted then
      return false
    end
  end
  return true
end

if is_outdated("recruiter", recruiter, 0) or is_outdated("candidate", candidate, 1) then
  return { "moving" }
end
-- Their phones were different ones when that was checked: one of them has moved to the other's.
if ARGV[FIRST_INDEX] == ARGV[FIRST_INDEX + alternatives] then
  return { "moving" }
end

local previous_id = redis.call("HGET", keys.recruiter_pairs, candidate.ref) or ""
local record = previous_id ~= "" and redis.call("HGET", keys.sessions, previous_id)
local previous = record and read_session(record)

if previous and previous.status == "open" and now < tonumber(previous.expires_at) then
  if previous_id == id then
    return { "created", id, record }
  end
  previous.channels = channels
  previous.context = context
  if extend and tonumber(expires_at) > tonumber(previous.expires_at) then
    previous.expires_at = expires_at
    redis.call("ZADD", keys.due, expires_at, previous_id)
  end
  record = pack_session(previous)
  redis.call("HSET", keys.sessions, previous_id, record)
  return { "existing", previous_id, record }
end

if redis.call("HEXISTS", keys.sessions, id) == 1 then
  return { "taken" }
end
if previous and previous.status == "open" then
  close_session(keys, previous_id, previous, tonumber(previous.expires_at), "expired", cooldowns)
end

local recruiter_node, candidate_node = node_of(0), node_of(1)

-- A phone that the other side had in the last session may not be reached by that side's calls.
local function is_free_for(node, role, number)
  local holder = redis.call("HGET", node.phone, number)
  return not holder or (holder == previous_id and node.index == previous[role .. "_index"])
end

local ordinal, number
if previous
  and redis.call("HGET", keys.ordinals, previous.ordinal) == previous.number
  and redis.call("GETBIT", keys.blocked, previous.ordinal) == 0
  and is_free_for(recruiter_node, "recruiter", previous.number)
  and is_free_for(candidate_node, "candidate", previous.number)
then
  ordinal, number = previous.ordinal, previous.number
else
  ordinal, number = lowest_free(keys.scratch, keys.ordinals,
    { recruiter_node.used, candidate_node.used, keys.blocked })
end

if not ordinal then
  if not lowest_free(keys.scratch, keys.ordinals, { keys.blocked }) then
    return { "exhausted", "no_numbers" }
  elseif not lowest_free(keys.scratch, keys.ordinals, { candidate_node.used, keys.blocked }) then
    return { "exhausted", "candidate_on_every_number" }
  end
  return { "exhausted", "recruiter_on_every_number" }
end

-- What still cools from the pair's last session on this number passes over to the new one.
local function take_over(node)
  if previous and redis.call("HGET", node.phone, number) == previous_id then
    redis.call("ZREM", keys.cooling, cooling_member(ordinal, node.index, previous_id))
    return 1
  end
  return 0
end

local taken = take_over(recruiter_node) + take_over(candidate_node)
bind(recruiter_node, keys.degrees, number, ordinal, id)
bind(candidate_node, keys.degrees, number, ordinal, id)

local sessions_on_number = redis.call("HINCRBY", keys.load, number, 1)
local code = previous and previous.number == number and previous.code
local code_holder = code and redis.call("HGET", keys.codes, number .. ":" .. code)
if not code or (code_holder and code_holder ~= previous_id) then
  code = free_code(keys.codes, number, sessions_on_number, draws)
end
redis.call("HSET", keys.codes, number .. ":" .. code, id)
if taken > 0 then
  drop_bindings(keys, previous_id, previous, taken, now + retention)
  share_leases(keys.leases, previous_id, id, now)
end

record = pack_session({
  status = "open", number = number, ordinal = ordinal,
  recruiter = recruiter.ref, candidate = candidate.ref,
  recruiter_index = recruiter_node.index, candidate_index = candidate_node.index,
  recruiter_sealed = recruiter.sealed, candidate_sealed = candidate.sealed,
  created_at = whole(now), expires_at = expires_at, closed_at = "", closed_reason = "",
  code = code, channels = channels,
  recruiter_locale = recruiter.locale, candidate_locale = candidate.locale,
  recruiter_screen = recruiter.screen, bindings = "2", previous = previous_id, former = "",
  context = context,
})
redis.call("HSET", keys.sessions, id, record)
redis.call("HSET", keys.recruiter_pairs, candidate.ref, id)
redis.call("HSET", keys.candidate_pairs, recruiter.ref, id)
redis.call("ZADD", keys.due, expires_at, id)
redis.call("HINCRBY", keys.pool, "open_sessions", 1)
return { "created", id, record }
