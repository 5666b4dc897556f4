-- What a phone change has reserved in a pool: {p}:reserved:<change>, session id → number, ordinal,
-- index, the end of the cooldown that was interrupted (or ""), the spare session's id (or "").
-- Needs shared/session.lua, occupancy.lua, closing.lua, bindings.lua.
--
-- A session that must change its number has a spare beside it: a closed session that holds the new
-- number for both sides, and a session's place there. When the change is committed the two swap
-- their numbers, so that the spare is what stays behind on the old one until it has cooled.

local function pack_reservation(reservation)
  return table.concat({
    reservation.number, reservation.ordinal, reservation.index, reservation.cooled_until,
    reservation.spare,
  }, "\t")
end

local function read_reservation(text)
  local number, ordinal, index, cooled_until, spare =
    string.match(text, "^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
  return {
    number = number, ordinal = ordinal, index = index, cooled_until = cooled_until, spare = spare,
  }
end

local function discard_spare(keys, nodes, spare_id)
  local spare = read_session(redis.call("HGET", keys.sessions, spare_id))
  for _, role in ipairs({ "recruiter", "candidate" }) do
    unbind(keys, nodes[spare[role .. "_index"]], role, spare.number, spare.ordinal, spare_id)
  end
  occupy(keys, spare.ordinal, -1)
  drop_bindings(keys, spare_id, spare, 2, 0)
  redis.call("HDEL", keys.sessions, spare_id)
  redis.call("ZREM", keys.ended, spare_id)
end

-- Gives back what was reserved for one session of a side. keys: sessions, cooling, codes,
-- code_lengths, load, degrees, sharing, ended, leases, pool, busy, full.
local function undo_reservation(keys, nodes, role, id, reservation, purge_at)
  if reservation.spare ~= "" then
    discard_spare(keys, nodes, reservation.spare)
  elseif reservation.cooled_until ~= "" then
    redis.call("ZADD", keys.cooling, reservation.cooled_until,
      cooling_member(reservation.ordinal, role, reservation.index, id))
  else
    unbind(keys, nodes[reservation.index], role, reservation.number, reservation.ordinal, id)
    local record = redis.call("HGET", keys.sessions, id)
    drop_bindings(keys, id, read_session(record), 1, purge_at)
  end
end

-- All that a change has reserved: visit(session id, reservation).
local function each_reservation(reserved_key, visit)
  local fields = redis.call("HGETALL", reserved_key)
  for position = 1, #fields, 2 do
    if string.find(fields[position], ".", 1, true) then  -- a session's id has a dot, "state" none
      visit(fields[position], read_reservation(fields[position + 1]))
    end
  end
end

-- Nothing may be reserved for the change any more, however late a command for it comes.
local function end_reservations(reserved_key)
  redis.call("DEL", reserved_key)
  redis.call("HSET", reserved_key, "state", "over")
  redis.call("EXPIRE", reserved_key, 3600)
end
