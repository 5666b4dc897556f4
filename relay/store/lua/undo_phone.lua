-- undo_phone: gives back all that a phone change has reserved in a pool, and lets it reserve
-- nothing any more.
-- uses: session, leases, occupancy, closing, letting_go, bindings, moving, reserving
--
-- Safe to run twice. Answers "undone", or "retry" when it meets an index it has no keys for.
local keys = {
  sessions = KEYS[1],  -- hash
  cooling = KEYS[2],   -- sorted set
  moving = KEYS[3],    -- hash
  reserved = KEYS[4],  -- hash: the change's
  degrees = { recruiter = KEYS[5], candidate = KEYS[6], both = KEYS[7] },  -- sorted sets
  sharing = KEYS[8],   -- sorted set
  codes = KEYS[9],     -- hash
  code_lengths = KEYS[10],  -- hash
  load = KEYS[11],     -- hash
  ended = KEYS[12],    -- sorted set
  leases = KEYS[13],   -- hash
  policy = KEYS[14],     -- hash
  busy = KEYS[15],     -- sorted set
  full = KEYS[16],     -- bitmap
}
local FIRST_NODE_KEY = 17       -- four keys for each index
local now = tonumber(ARGV[1])   -- seconds
local change = ARGV[2]          -- the change's id
local member = ARGV[3]          -- role:ref
local retention = tonumber(ARGV[4])  -- seconds
local FIRST_INDEX = 5           -- indexes

local nodes = read_nodes(FIRST_NODE_KEY, FIRST_INDEX, #ARGV - FIRST_INDEX + 1)
local is_ready = true
each_reservation(keys.reserved, function(_, reservation)
  is_ready = is_ready and nodes[reservation.index] ~= nil
  if reservation.spare ~= "" then
    local spare = read_session(redis.call("HGET", keys.sessions, reservation.spare))
    is_ready = is_ready and nodes[spare.recruiter_index] ~= nil
      and nodes[spare.candidate_index] ~= nil
  end
end)
if not is_ready then
  return "retry"
end

local role = string.match(member, "^%a+")
each_reservation(keys.reserved, function(id, reservation)
  undo_reservation(keys, nodes, role, id, reservation, now + retention)
end)
local marker_before = redis.call("HGET", keys.reserved, "marker")
if change_of(redis.call("HGET", keys.moving, member)) == change then
  if marker_before and marker_before ~= "" then
    redis.call("HSET", keys.moving, member, marker_before)
  else
    redis.call("HDEL", keys.moving, member)
  end
end
end_reservations(keys.reserved)
return "undone"
