-- commit_phone: the reserved bindings become those of the sessions, the ones of the old phone cool
-- from now. A session that was closed meanwhile gives back what was reserved for it.
-- uses: session, leases, occupancy, closing, letting_go, bindings, moving, reserving
--
-- Safe to run twice. Answers {"committed", how many sessions have moved}, or {"retry", 0} when it
-- meets an index that it was given no keys for.
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
local FIRST_NODE_KEY = 17        -- four keys for each index
local now = tonumber(ARGV[1])    -- seconds
local change = ARGV[2]           -- the change's id
local role = ARGV[3]             -- "recruiter", "candidate"
local ref = ARGV[4]
local sealed = ARGV[5]           -- the new phone
local cooldowns = { recruiter = tonumber(ARGV[6]), candidate = tonumber(ARGV[7]) }  -- seconds
local retention = tonumber(ARGV[8])  -- seconds
local wanted = ARGV[9]           -- new index that claims must come with
local marked = tonumber(ARGV[10])    -- seconds for which they must
local FIRST_INDEX = 11           -- indexes

local nodes = read_nodes(FIRST_NODE_KEY, FIRST_INDEX, #ARGV - FIRST_INDEX + 1)
local other_role = role == "recruiter" and "candidate" or "recruiter"
local index_field, other_field = role .. "_index", other_role .. "_index"

local function session_of(id)
  local record = redis.call("HGET", keys.sessions, id)
  return record and read_session(record)
end

local is_ready = true
each_reservation(keys.reserved, function(id, reservation)
  local needed = { reservation.index }
  for _, session in ipairs({ session_of(id), reservation.spare ~= "" and session_of(reservation.spare) }) do
    if session and reservation.spare ~= "" then
      needed = { session[index_field], session[other_field], unpack(needed) }
      each_former(session, function(_, index)
        needed[#needed + 1] = index
      end)
    end
  end
  for _, index in ipairs(needed) do
    is_ready = is_ready and nodes[index] ~= nil
  end
end)
if not is_ready then
  return { "retry", 0 }
end

local function cool(id, session, side)
  redis.call("ZADD", keys.cooling, now + cooldowns[side],
    cooling_member(session.ordinal, side, session[side .. "_index"], id))
end

-- Whether the recruiter's phone of now is on the session's number of now more than once.
local function see_code_needed(session)
  local node = nodes[session.recruiter_index]
  session.code_needed = needs_code(node, session.number)
end

local function move(id, session, reservation)
  cool(id, session, role)
  note_leaving(session, role, session[index_field], reservation.index)
  session[index_field], session[role .. "_sealed"] = reservation.index, sealed
  if role == "recruiter" then
    see_code_needed(session)
  end
  redis.call("HSET", keys.sessions, id, pack_session(session))
end

-- A session takes the place of another in both bindings and the code of its number.
local function settle(id, session, instead_of)
  rebind(nodes[session[index_field]], session.number, instead_of, id)
  rebind(nodes[session[other_field]], session.number, instead_of, id)
  redis.call("HSET", keys.codes, session.number .. ":" .. session.code, id)
end

local function renumber(id, session, spare_id)
  local spare = session_of(spare_id)
  for _, field in ipairs({ "number", "ordinal", "code", index_field }) do
    session[field], spare[field] = spare[field], session[field]
  end
  session[role .. "_sealed"] = sealed
  spare.closed_at = whole(now)
  spare.previous, session.previous = session.previous, spare_id
  settle(id, session, spare_id)
  settle(spare_id, spare, id)
  see_code_needed(session)
  see_code_needed(spare)
  redis.call("HSET", keys.sessions, id, pack_session(session), spare_id, pack_session(spare))
  -- The place on its new number is the session's since that was reserved.
  occupy(keys, spare.ordinal, -1)
  cool(spare_id, spare, "recruiter")
  cool(spare_id, spare, "candidate")
  share_leases(keys.leases, id, spare_id, now)
end

-- Phones that left the session before, and still cool, cool on for what stays behind.
local function hand_over_former(id, session, spare_id)
  local spare, handed_over = session_of(spare_id), 0
  each_former(session, function(left_by, index)
    local member = cooling_member(spare.ordinal, left_by, index, id)
    local cooled_until = redis.call("ZSCORE", keys.cooling, member)
    if cooled_until then
      redis.call("ZREM", keys.cooling, member)
      redis.call("ZADD", keys.cooling, cooled_until, cooling_member(spare.ordinal, left_by, index, spare_id))
      rebind(nodes[index], spare.number, id, spare_id)
      handed_over = handed_over + 1
    end
  end)
  session.former = ""
  session.bindings = whole(tonumber(session.bindings) - handed_over)
  spare.bindings = whole(tonumber(spare.bindings) + handed_over)
  redis.call("HSET", keys.sessions, id, pack_session(session), spare_id, pack_session(spare))
end

local moved = 0
each_reservation(keys.reserved, function(id, reservation)
  local session = session_of(id)
  if not session or not is_live(session, now) then
    undo_reservation(keys, nodes, role, id, reservation, now + retention)
    return
  elseif reservation.spare ~= "" then
    renumber(id, session, reservation.spare)
    hand_over_former(id, session, reservation.spare)
  else
    move(id, session, reservation)
  end
  moved = moved + 1
end)
end_reservations(keys.reserved)
local member = role .. ":" .. ref
if change_of(redis.call("HGET", keys.moving, member)) == change then
  redis.call("HSET", keys.moving, member, pack_marker(wanted, whole(now + marked), ""))
end
return { "committed", moved }
