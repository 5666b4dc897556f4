-- Closing a session and letting go of its bindings. Needs shared/session.lua, leases.lua and
-- occupancy.lua.

local function cooling_member(ordinal, role, index, id)
  return table.concat({ ordinal, role, index, id }, ":")
end

-- Closes an open session: the numbers are forgotten, both bindings start to cool.
-- keys: sessions, due, cooling, leases, pool, busy, full; cooldowns in seconds; severs: take back the
-- decisions of calls that have begun, too.
local function close_session(keys, id, session, closed_at, reason, cooldowns, severs)
  session.status = "closed"
  session.closed_at = whole(closed_at)
  session.closed_reason = reason
  session.recruiter_sealed = ""
  session.candidate_sealed = ""
  redis.call("HSET", keys.sessions, id, pack_session(session))
  redis.call("ZREM", keys.due, id)
  for _, role in ipairs({ "recruiter", "candidate" }) do
    redis.call("ZADD", keys.cooling, closed_at + cooldowns[role],
      cooling_member(session.ordinal, role, session[role .. "_index"], id))
  end
  redis.call("HINCRBY", keys.pool, "open_sessions", -1)
  occupy(keys, session.ordinal, -1)
  if severs then
    sever(keys.leases, id, 0)
  end
end

-- One more session on a number, which is idle no more. Answers how many it carries, open and cooling.
-- keys: load, idle.
local function load_number(keys, number)
  local sessions = redis.call("HINCRBY", keys.load, number, 1)
  if sessions == 1 then
    redis.call("ZREM", keys.idle, number)
  end
  return sessions
end

-- Counts bindings of a closed session as gone; with the last one its code is free again and its
-- record waits for the end of its retention. keys: sessions, codes, code_lengths, load, ended. Calls
-- in progress stay on record: a pair that comes back takes bindings over while one goes on.
local function drop_bindings(keys, id, session, count, purge_at)
  local left = tonumber(session.bindings) - count
  session.bindings = whole(left)
  if left <= 0 then
    session.code_needed = ""
  end
  redis.call("HSET", keys.sessions, id, pack_session(session))
  if left > 0 then
    return
  end
  local code = session.number .. ":" .. session.code
  if redis.call("HGET", keys.codes, code) == id then
    redis.call("HDEL", keys.codes, code)
  end
  if redis.call("HINCRBY", keys.load, session.number, -1) <= 0 then
    redis.call("HDEL", keys.load, session.number)
    redis.call("HDEL", keys.code_lengths, session.number)
  end
  redis.call("ZADD", keys.ended, purge_at, id)
end
