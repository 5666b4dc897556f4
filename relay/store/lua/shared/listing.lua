-- What began in a session, listed twice: by session, and by when it began in the whole board.
-- keys: interactions timeline

local function lines_of(session_id, started_at, id)
  return table.concat({ session_id, started_at, id }, "\t"),
    table.concat({ started_at, session_id, id }, "\t")
end

local function list_interaction(keys, session_id, started_at, id)
  local by_session, by_start = lines_of(session_id, started_at, id)
  redis.call("ZADD", keys.interactions, 0, by_session)
  redis.call("ZADD", keys.timeline, 0, by_start)
end
