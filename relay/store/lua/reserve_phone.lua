-- reserve_phone: binds a person's new phone on the numbers of all their live sessions in a pool,
-- or changes nothing. The reserved bindings let no call through: the sessions name the old phone
-- until the change is committed. Claims made with the old phone are refused from now on.
-- uses: session, leases, closing, bindings, choosing, moving, reserving
--
-- Where the new phone has a binding on such a number already, its session is in the way, unless it
-- is one of those that may be renumbered: it gets the lowest number that is free for both sides. A
-- binding that this very person has left in this very session, and that still cools, is taken up
-- again.
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
  degrees = KEYS[6],   -- sorted set
  ordinals = KEYS[7],  -- hash
  blocked = KEYS[8],   -- bitmap
  scratch = KEYS[9],   -- bitmap
  codes = KEYS[10],    -- hash
  load = KEYS[11],     -- hash
  ended = KEYS[12],    -- sorted set
  leases = KEYS[13],   -- hash
}
local FIRST_NODE_KEY = 14       -- new phone's hashes, its bitmaps; then hash and bitmap of each index

local now = tonumber(ARGV[1])           -- seconds
local change = ARGV[2]                  -- the change's id
local role = ARGV[3]                    -- "recruiter", "candidate"
local ref = ARGV[4]
local draws = { ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10] }
local alternatives = tonumber(ARGV[11]) -- index keys in use
local others = tonumber(ARGV[12])       -- further indexes: other sides of sessions to renumber
local FIRST_INDEX = 13                  -- the new phone's indexes, then the others, then for each
                                        -- session that may be renumbered its id, its spare's id

local other_role = role == "recruiter" and "candidate" or "recruiter"
local state = redis.call("HGET", keys.reserved, "state")
if state then
  return { state == "over" and "gone" or "reserved" }
end

local new_indexes, spares = {}, {}
for offset = 0, alternatives - 1 do
  new_indexes[ARGV[FIRST_INDEX + offset]] = true
end
for position = FIRST_INDEX + alternatives + others, #ARGV, 2 do
  spares[ARGV[position]] = ARGV[position + 1]
end
local nodes = read_nodes(FIRST_NODE_KEY + 2 * alternatives, FIRST_INDEX + alternatives, others)
local chosen = living(FIRST_NODE_KEY, alternatives)
local new_node = {
  phone = KEYS[FIRST_NODE_KEY + chosen],
  used = KEYS[FIRST_NODE_KEY + alternatives + chosen],
  index = ARGV[FIRST_INDEX + chosen],
}

-- First look at everything, then change.
local stays, moves, bound, same, busy = {}, {}, {}, {}, false
each_open(keys.sessions, keys.pairs, function(id, session)
  if not is_live(session, now) then
    return
  end
  local other_marker = redis.call("HGET", keys.moving, other_role .. ":" .. session[other_role])
  local holder = redis.call("HGET", new_node.phone, session.number)
  local cools = cooling_member(session.ordinal, new_node.index, id)
  local found = { id = id, session = session }
  if change_of(other_marker) ~= "" then
    busy = true
  elseif new_indexes[session[other_role .. "_index"]] then
    same[#same + 1] = id
  elseif not holder then
    stays[#stays + 1] = found
  elseif holder == id and has_left(session, role, new_node.index)
    and redis.call("ZSCORE", keys.cooling, cools)
  then
    found.cooled_until = redis.call("ZSCORE", keys.cooling, cools)
    stays[#stays + 1] = found
  elseif spares[id] and nodes[session[other_role .. "_index"]]
    and redis.call("HEXISTS", keys.sessions, spares[id]) == 0
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
    redis.call("ZREM", keys.cooling, cooling_member(session.ordinal, new_node.index, found.id))
  else
    bind(new_node, keys.degrees, session.number, session.ordinal, found.id)
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
  local session, spare_id = found.session, spares[found.id]
  local other_node = nodes[session[other_role .. "_index"]]
  local ordinal, number = lowest_free(keys.scratch, keys.ordinals,
    { new_node.used, other_node.used, keys.blocked })
  if not ordinal then
    return false
  end
  bind(new_node, keys.degrees, number, ordinal, spare_id)
  bind(other_node, keys.degrees, number, ordinal, spare_id)
  local code, load = session.code, redis.call("HINCRBY", keys.load, number, 1)
  if redis.call("HEXISTS", keys.codes, number .. ":" .. code) == 1 then
    code = free_code(keys.codes, number, load, draws)
  end
  redis.call("HSET", keys.codes, number .. ":" .. code, spare_id)
  local spare = read_session(pack_session(session))
  spare.status, spare.closed_at, spare.closed_reason = "closed", whole(now), "renumbered"
  spare.number, spare.ordinal, spare.code, spare.bindings = number, ordinal, code, "2"
  spare.recruiter_sealed, spare.candidate_sealed, spare.previous = "", "", ""
  spare.former = ""
  spare[role .. "_index"] = new_node.index
  redis.call("HSET", keys.sessions, spare_id, pack_session(spare))
  note(found.id, {
    number = number, ordinal = ordinal, index = new_node.index, cooled_until = "", spare = spare_id,
  })
  return true
end

for _, found in ipairs(moves) do
  if not hold_another_number(found) then
    nodes[new_node.index] = new_node
    each_reservation(keys.reserved, function(id, reservation)
      undo_reservation(keys, nodes, id, reservation, now)
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
