-- reserve_phone: binds a person's new phone on the numbers of all their live sessions in a pool,
-- or changes nothing. The reserved bindings let no call through: the sessions name the old phone
-- until the change is committed. Claims made with the old phone are refused from now on.
-- uses: session, leases, occupancy, closing, letting_go, bindings, codes, choosing, moving, reserving
--
-- Where the new phone has a binding on such a number already, its session is in the way, unless it
-- is one of those that may be renumbered: it gets another number, as a new pair would, but in the area
-- of the one that it leaves. Bindings that this very person has left in these very sessions, and that
-- still cool, are taken up again.
--
-- Safe to run twice. Answers {"reserved"} | {"gone"} (the change is over) | {"busy"} (the other
-- side's phone is changing, too) | {"same_phone", ids…} (the new phone is the other side's) |
-- {"bound", ids…} (in the way) | {"exhausted", id}.
local keys = {
  sessions = KEYS[1],  -- hash
  cooling = KEYS[2],   -- sorted set
  pairs = KEYS[3],     -- hash: the person's
  moving = KEYS[4],    -- hash
  reserved = KEYS[5],  -- hash: the change's
  degrees = { recruiter = KEYS[6], candidate = KEYS[7], both = KEYS[8] },  -- sorted sets
  sharing = KEYS[9],   -- sorted set
  numbers = KEYS[10],  -- hash
  ordinals = KEYS[11], -- hash
  blocked = KEYS[12],  -- bitmap
  resting = KEYS[13],  -- bitmap
  full = KEYS[14],     -- bitmap
  no_voice = KEYS[15], -- bitmap
  no_sms = KEYS[16],   -- bitmap
  busy = KEYS[17],     -- sorted set
  scratch = KEYS[18],  -- bitmap
  codes = KEYS[19],    -- hash
  code_lengths = KEYS[20],  -- hash
  load = KEYS[21],     -- hash
  ended = KEYS[22],    -- sorted set
  leases = KEYS[23],   -- hash
  policy = KEYS[24],     -- hash
  idle = KEYS[25],     -- sorted set: number by since when nothing is on it
}
local FIRST_NODE_KEY = 26       -- four keys for each of the new phone's indexes, then of the others;
                                -- then for each session that may be renumbered its area (bitmap)

local now = tonumber(ARGV[1])           -- seconds
local change = ARGV[2]                  -- the change's id
local role = ARGV[3]                    -- "recruiter", "candidate"
local ref = ARGV[4]
local draws = { ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10] }
local spread = ARGV[11] == "1"          -- policy: the least loaded number
local shares = ARGV[12] == "1"          -- policy: access codes
local geo = ARGV[13]                    -- policy: "", "prefer", "strict"
local alternatives = tonumber(ARGV[14]) -- index keys in use
local others = tonumber(ARGV[15])       -- further indexes: other sides of sessions to renumber
local FIRST_INDEX = 16                  -- the new phone's indexes, then the others, then for each
                                        -- session that may be renumbered its id, its spare's id,
                                        -- suppressed numbers, parted by spaces

local other_role = role == "recruiter" and "candidate" or "recruiter"
local state = redis.call("HGET", keys.reserved, "state")
if state then
  return { state == "over" and "gone" or "reserved" }
end

local new_indexes, spares = {}, {}
for offset = 0, alternatives - 1 do
  new_indexes[ARGV[FIRST_INDEX + offset]] = true
end

local function read_numbers(text)
  local numbers = {}
  for number in string.gmatch(text, "[^ ]+") do
    numbers[#numbers + 1] = number
  end
  return numbers
end

local area_key = FIRST_NODE_KEY + KEYS_OF_NODE * (alternatives + others)
for position = FIRST_INDEX + alternatives + others, #ARGV, 3 do
  spares[ARGV[position]] = {
    id = ARGV[position + 1], area = KEYS[area_key], suppressed = read_numbers(ARGV[position + 2]),
  }
  area_key = area_key + 1
end
local nodes = read_nodes(
  FIRST_NODE_KEY + KEYS_OF_NODE * alternatives, FIRST_INDEX + alternatives, others)
local new_node = living_node(FIRST_NODE_KEY, FIRST_INDEX, alternatives)

local function cooled_until(id, session)
  return has_left(session, role, new_node.index)
    and redis.call("ZSCORE", keys.cooling,
      cooling_member(session.ordinal, role, new_node.index, id))
end

-- Whether the new phone has no binding on the session's number but such as this person has left.
local function is_clear(session)
  local held_by = redis.call("HGET", new_node.phone, session.number) or ""
  for holder in string.gmatch(held_by, "[^ ]+") do
    local record = redis.call("HGET", keys.sessions, holder)
    local held = record and read_session(record)
    if not held or held[role] ~= ref or not is_live(held, now) or not cooled_until(holder, held) then
      return false
    end
  end
  return true
end

-- First look at everything, then change.
local stays, moves, bound, same, busy = {}, {}, {}, {}, false
each_open(keys.sessions, keys.pairs, function(id, session)
  if not is_live(session, now) then
    return
  end
  local other_marker = redis.call("HGET", keys.moving, other_role .. ":" .. session[other_role])
  local found = { id = id, session = session }
  if change_of(other_marker) ~= "" then
    busy = true
  elseif new_indexes[session[other_role .. "_index"]] then
    same[#same + 1] = id
  elseif is_clear(session) then
    found.cooled_until = cooled_until(id, session)
    stays[#stays + 1] = found
  elseif spares[id] and nodes[session[other_role .. "_index"]]
    and redis.call("HEXISTS", keys.sessions, spares[id].id) == 0
  then
    moves[#moves + 1] = found
  else
    bound[#bound + 1] = id
  end
end)
if busy then
  return { "busy" }
elseif #same > 0 then
  return { "same_phone", unpack(same) }
elseif #bound > 0 then
  for _, found in ipairs(moves) do
    bound[#bound + 1] = found.id
  end
  return { "bound", unpack(bound) }
end

local function note(id, reservation)
  redis.call("HSET", keys.reserved, id, pack_reservation(reservation))
end

for _, found in ipairs(stays) do
  local session = found.session
  if found.cooled_until then
    redis.call("ZREM", keys.cooling,
      cooling_member(session.ordinal, role, new_node.index, found.id))
  else
    bind(keys, new_node, role, session.number, session.ordinal, found.id)
    session.bindings = whole(tonumber(session.bindings) + 1)
    redis.call("HSET", keys.sessions, found.id, pack_session(session))
  end
  note(found.id, {
    number = session.number, ordinal = session.ordinal, index = new_node.index,
    cooled_until = found.cooled_until or "", spare = "",
  })
end

-- The closed session that holds a free number for both sides; false when there is none.
local function hold_another_number(found)
  local session, planned = found.session, spares[found.id]
  local spare_id = planned.id
  local other_node = nodes[session[other_role .. "_index"]]
  local sides = { [role] = new_node, [other_role] = other_node }
  local wish = {
    voice = string.find(session.channels, "v", 1, true) ~= nil,
    sms = string.find(session.channels, "s", 1, true) ~= nil,
    spread = spread, shares = shares, geo = geo, suppressed = planned.suppressed,
  }
  keys.area = planned.area
  local ordinal, number = choose(keys, wish, sides.recruiter, sides.candidate)
  if not ordinal then
    return false
  end
  bind(keys, new_node, role, number, ordinal, spare_id)
  bind(keys, other_node, other_role, number, ordinal, spare_id)
  local code = give_code(keys, number, spare_id, load_number(keys, number), draws, session.code)
  local spare = read_session(pack_session(session))
  spare.status, spare.closed_at, spare.closed_reason = "closed", whole(now), "renumbered"
  spare.number, spare.ordinal, spare.code, spare.bindings = number, ordinal, code, "2"
  spare.recruiter_sealed, spare.candidate_sealed, spare.previous = "", "", ""
  spare.former, spare.code_needed = "", needs_code(sides.recruiter, number)
  spare[role .. "_index"] = new_node.index
  redis.call("HSET", keys.sessions, spare_id, pack_session(spare))
  note(found.id, {
    number = number, ordinal = ordinal, index = new_node.index, cooled_until = "", spare = spare_id,
  })
  occupy(keys, ordinal, 1)
  return true
end

for _, found in ipairs(moves) do
  if not hold_another_number(found) then
    nodes[new_node.index] = new_node
    each_reservation(keys.reserved, function(id, reservation)
      undo_reservation(keys, nodes, role, id, reservation, now)
    end)
    redis.call("DEL", keys.reserved)
    return { "exhausted", found.id }
  end
end

local marker = redis.call("HGET", keys.moving, role .. ":" .. ref)
redis.call("HSET", keys.reserved, "state", "reserved", "marker", marker or "")
redis.call("HSET", keys.moving, role .. ":" .. ref,
  pack_marker(ARGV[FIRST_INDEX], "9999999999", change))
return { "reserved" }
