-- Letting go of a closed session's bindings.
-- keys: sessions codes code_lengths load ended
-- uses: session

-- The last binding has gone: the code is free again, and the record waits for the end of its
-- retention. Calls in progress stay on record: a pair that comes back takes bindings over while one
-- goes on.
local function forget_last_binding(keys, id, session, purge_at)
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

-- Counts bindings of a closed session as gone.
local function drop_bindings(keys, id, session, count, purge_at)
  local left = tonumber(session.bindings) - count
  session.bindings = whole(left)
  if left <= 0 then
    session.code_needed = ""
  end
  redis.call("HSET", keys.sessions, id, pack_session(session))
  if left <= 0 then
    forget_last_binding(keys, id, session, purge_at)
  end
end
