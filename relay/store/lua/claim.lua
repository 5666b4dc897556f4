-- claim: gives a pair its virtual number, or its open session back. One atomic step, so that two
-- web processes can never hand out the same binding (P1).
-- uses: session, leases, occupancy, closing, letting_go, bindings, codes, choosing
--
-- A pair that has an open session gets that one. One that comes back gets its old number where
-- that is still free for both, else the one that shared/choosing.lua finds. Safe to run twice: the
-- proposed id tells a repeated claim from a new one.
--
-- Answers {"created" | "existing" | "incapable", id, record}, where the last is an open session on a
-- number that cannot do what is asked now, | {"exhausted", reason} | {"moving"} | {"taken"}.
local keys = {
  policy = KEYS[1],          -- hash
  numbers = KEYS[2],       -- hash
  ordinals = KEYS[3],      -- hash
  blocked = KEYS[4],       -- bitmap
  resting = KEYS[5],       -- bitmap
  full = KEYS[6],          -- bitmap
  no_voice = KEYS[7],      -- bitmap
  no_sms = KEYS[8],        -- bitmap
  busy = KEYS[9],          -- sorted set
  area = KEYS[10],         -- bitmap: the candidate's area
  scratch = KEYS[11],      -- bitmap
  sessions = KEYS[12],     -- hash
  due = KEYS[13],          -- sorted set
  cooling = KEYS[14],      -- sorted set
  ended = KEYS[15],        -- sorted set
  leases = KEYS[16],       -- hash
  codes = KEYS[17],        -- hash
  code_lengths = KEYS[18], -- hash
  load = KEYS[19],         -- hash
  degrees = { recruiter = KEYS[20], candidate = KEYS[21], both = KEYS[22] },  -- sorted sets
  sharing = KEYS[23],      -- sorted set
  moving = KEYS[24],       -- hash
  recruiter_pairs = KEYS[25],  -- hash
  candidate_pairs = KEYS[26],  -- hash
  idle = KEYS[27],         -- sorted set: number by since when nothing is on it
}
local FIRST_NODE_KEY = 28      -- four keys for each of the recruiter's indexes, then the candidate's

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
local wish = {
  voice = string.find(channels, "v", 1, true) ~= nil,
  sms = string.find(channels, "s", 1, true) ~= nil,
  spread = ARGV[23] == "1",
  shares = ARGV[24] == "1",
  geo = ARGV[25],                                -- "", "prefer", "strict"
  suppressed = {},                               -- virtual numbers
}
local alternatives = tonumber(ARGV[26])          -- index keys in use
local FIRST_INDEX = 27                           -- recruiter's indexes, candidate's, suppressed numbers

for position = FIRST_INDEX + 2 * alternatives, #ARGV do
  wish.suppressed[#wish.suppressed + 1] = ARGV[position]
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

local function can_carry(ordinal)
  return not (wish.voice and redis.call("GETBIT", keys.no_voice, ordinal) == 1)
    and not (wish.sms and redis.call("GETBIT", keys.no_sms, ordinal) == 1)
end

local previous_id = redis.call("HGET", keys.recruiter_pairs, candidate.ref) or ""
local record = previous_id ~= "" and redis.call("HGET", keys.sessions, previous_id)
local previous = record and read_session(record)

if previous and previous.status == "open" and now < tonumber(previous.expires_at) then
  if previous_id == id then
    return { "created", id, record }
  elseif not can_carry(previous.ordinal) then
    return { "incapable", previous_id, record }
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

local recruiter_node = living_node(FIRST_NODE_KEY, FIRST_INDEX, alternatives)
local candidate_node = living_node(
  FIRST_NODE_KEY + KEYS_OF_NODE * alternatives, FIRST_INDEX + alternatives, alternatives)

-- Whether the pair's last session still has this phone on its number. One that the other side had
-- then may not be reached by that side's calls.
local function still_binds(node, role)
  return previous[role .. "_index"] == node.index and is_holder(node, previous.number, previous_id)
end

local function is_suppressed(number)
  for _, suppressed in ipairs(wish.sms and wish.suppressed or {}) do
    if suppressed == number then
      return true
    end
  end
  return false
end

-- Nobody else is there, or only sessions that the recruiter's code told apart before, too.
local function is_free_again(node, role)
  local held = redis.call("HGET", node.phone, previous.number)
  if not held then
    return true
  end
  return still_binds(node, role) and (wish.shares or not is_several(held))
end

-- shares: by a code, where the recruiter has others by now and is no candidate.
local function may_come_back(shares)
  local place = previous and previous.ordinal
  return place
    and redis.call("HGET", keys.ordinals, place) == previous.number
    and redis.call("GETBIT", keys.blocked, place) == 0
    and redis.call("GETBIT", keys.full, place) == 0
    and can_carry(place)
    and (is_free_again(recruiter_node, "recruiter")
      or shares and redis.call("GETBIT", recruiter_node.used.candidate, place) == 0)
    and is_free_again(candidate_node, "candidate")
end

-- Where no other number is free: the old one by a code, or though one of the two has stopped its texts.
local ordinal, number
if may_come_back(false) and not is_suppressed(previous.number) then
  ordinal, number = previous.ordinal, previous.number
else
  ordinal, number = choose(keys, wish, recruiter_node, candidate_node)
end
if not ordinal and may_come_back(wish.shares) and (wish.voice or not is_suppressed(previous.number)) then
  ordinal, number = previous.ordinal, previous.number
end
if not ordinal then
  return { "exhausted", why_none(keys, wish, recruiter_node, candidate_node) }
end

-- What still cools from the pair's last session on this number passes over to the new one.
local function take_over(node, role)
  redis.call("ZREM", keys.cooling, cooling_member(ordinal, role, node.index, previous_id))
  rebind(node, number, previous_id, id)
  if role == "recruiter" then
    previous.code_needed = ""
  end
end

local taken = 0
for role, node in pairs({ recruiter = recruiter_node, candidate = candidate_node }) do
  if previous and previous.number == number and still_binds(node, role) then
    take_over(node, role)
    taken = taken + 1
  else
    bind(keys, node, role, number, ordinal, id)
  end
end

local sessions_on_number = load_number(keys, number)
local code = previous and previous.number == number and previous.code
if code and redis.call("HGET", keys.codes, number .. ":" .. code) == previous_id then
  redis.call("HSET", keys.codes, number .. ":" .. code, id)
else
  code = give_code(keys, number, id, sessions_on_number, draws, code)
end
if taken > 0 then
  drop_bindings(keys, previous_id, previous, taken, now + retention)
  share_leases(keys.leases, previous_id, id, now)
end
occupy(keys, ordinal, 1)

record = pack_session({
  status = "open", number = number, ordinal = ordinal,
  recruiter = recruiter.ref, candidate = candidate.ref,
  recruiter_index = recruiter_node.index, candidate_index = candidate_node.index,
  recruiter_sealed = recruiter.sealed, candidate_sealed = candidate.sealed,
  created_at = whole(now), expires_at = expires_at, closed_at = "", closed_reason = "",
  code = code, channels = channels,
  recruiter_locale = recruiter.locale, candidate_locale = candidate.locale,
  recruiter_screen = recruiter.screen, bindings = "2", previous = previous_id, former = "",
  code_needed = needs_code(recruiter_node, number),
  context = context,
})
redis.call("HSET", keys.sessions, id, record)
redis.call("HSET", keys.recruiter_pairs, candidate.ref, id)
redis.call("HSET", keys.candidate_pairs, recruiter.ref, id)
redis.call("ZADD", keys.due, expires_at, id)
redis.call("HINCRBY", keys.policy, "open_sessions", 1)
return { "created", id, record }
