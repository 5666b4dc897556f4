-- Whom a call or text on a virtual number belongs to.
-- keys: numbers sessions
-- uses: session
--
-- States: unknown_number, stranger, several, closed, expired, open.

-- What a binding of the phone `index` leads to.
local function look_at(sessions_key, id, index, now)
  local record = redis.call("HGET", sessions_key, id)
  if not record then
    return { state = "stranger" }
  end
  local session = read_session(record)
  local found = { id = id, session = session, record = record, index = index, state = "open" }
  if index == session.recruiter_index then
    found.side, found.other = "recruiter", "candidate"
  elseif index == session.candidate_index then
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

-- phones: the caller's phone hashes, one for each index key in use. With several bindings, open or
-- cooling, nobody is chosen (P1): it answers the ids of all of them.
local function find_session(keys, phones, indexes, number, now)
  if redis.call("HEXISTS", keys.numbers, number) == 0 then
    return { state = "unknown_number" }
  end
  for position, phone in ipairs(phones) do
    local held = redis.call("HGET", phone, number)
    if held and string.find(held, " ", 1, true) then
      local ids = {}
      for id in string.gmatch(held, "[^ ]+") do
        ids[#ids + 1] = id
      end
      return { state = "several", ids = ids, index = indexes[position] }
    elseif held then
      return look_at(keys.sessions, held, indexes[position], now)
    end
  end
  return { state = "stranger" }
end
