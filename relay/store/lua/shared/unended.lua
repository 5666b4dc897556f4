-- Calls that were connected and have not been seen to end, by when their lease is over: then the
-- carrier is asked, since no report may be relied on (P4).
-- keys: unended

local function note_unended(keys, session_id, call_sid, till)
  redis.call("ZADD", keys.unended, till, string.match(session_id, "^[^.]*") .. "." .. call_sid)
end

local function note_ended(keys, session_id, call_sid)
  redis.call("ZREM", keys.unended, string.match(session_id, "^[^.]*") .. "." .. call_sid)
end
