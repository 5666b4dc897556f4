-- Whom a call or text on a virtual number belongs to. Needs shared/session.lua.
-- States: unknown_number, stranger, closed, expired, open.

-- keys: numbers, sessions; phones: the caller's phone hashes, one for each index key in use.
local function find_session(keys, phones, indexes, number, now)
  if redis.call("HEXISTS", keys.numbers, number) == 0 then
    return { state = "unknown_number" }
  end
  for position, phone in ipairs(phones) do
    local id = redis.call("HGET", phone, number)
    local record = id and redis.call("HGET", keys.sessions, id)
    if record then
      local session = read_session(record)
      local found = { id = id, session = session, record = record, state = "open" }
      if indexes[position] == session.recruiter_index then
        found.side, found.other = "recruiter", "candidate"
      elseif indexes[position] == session.candidate_index then
        found.side, found.other = "candidate", "recruiter"
      end
      if session.status == "closed" or not found.side then
        -- Without a side it is a phone that its owner has left: it cools, whatever the session does.
        found.state = "closed"
      elseif now >= tonumber(session.expires_at) then
        found.state = "expired"
      end
      return found
    end
  end
  return { state = "stranger" }
end
