-- Calls that were connected and have not been seen to end, by when their lease is over: then the
-- carrier is asked, since no report may be relied on (P4).
-- keys: unended
-- uses: pool_of

local function note_unended(keys, session_id, call_sid, till)
  redis.call("ZADD", keys.unended, till, pool_of(session_id) .. "." .. call_sid)
end

local function note_ended(keys, session_id, call_sid)
  redis.call("ZREM", keys.unended, pool_of(session_id) .. "." .. call_sid)
end
