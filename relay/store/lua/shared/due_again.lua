-- An open session whose last call has ended is due again at its expiry: it may have waited for it.
-- keys: due sessions
-- uses: session

local function make_due_again(id)
  local record = redis.call("HGET", keys.sessions, id)
  local session = record and read_session(record)
  if session and session.status == "open" then
    redis.call("ZADD", keys.due, session.expires_at, id)
  end
end
