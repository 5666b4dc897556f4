-- Closing sessions of one pool: their bindings start to cool.
-- keys: sessions due cooling leases policy
-- uses: session leases occupancy policy batching

local function cooling_member(ordinal, role, index, id)
  return table.concat({ ordinal, role, index, id }, ":")
end

-- How an open session closes: one past its expiry has expired, whatever is asked now.
local function closing_of(id, session, sides, reason, now)
  local expires_at = tonumber(session.expires_at)
  if expires_at <= now then
    reason, now = "expired", expires_at
  end
  return { id = id, session = session, sides = sides, reason = reason, at = math.floor(now) }
end

-- An ended session is found under `past` by its two people, and no more under `open`.
-- sides: for each role the keys of that person's sessions.
local function note_past(id, session, sides)
  redis.call("HDEL", sides.recruiter.open, session.candidate)
  redis.call("HDEL", sides.candidate.open, session.recruiter)
  redis.call("HSET", sides.recruiter.past, session.candidate, id)
  redis.call("HSET", sides.candidate.past, session.recruiter, id)
end

-- Closes open sessions. closings: as closing_of makes them; revokes: takes back the decisions of
-- calls that have begun, too.
local function close_sessions(keys, closings, revokes)
  if #closings == 0 then
    return
  end
  local cooldowns, records, ids, cooling, by_ordinal = cooldowns_of(keys), {}, {}, {}, {}
  for position, closing in ipairs(closings) do
    local id, session = closing.id, closing.session
    session.status, session.closed_reason = "closed", closing.reason
    session.closed_at = whole(closing.at)
    records[2 * position - 1], records[2 * position] = id, pack_session(session)
    ids[position] = id
    for _, role in ipairs({ "recruiter", "candidate" }) do
      cooling[#cooling + 1] = closing.at + cooldowns[role]
      cooling[#cooling + 1] = cooling_member(session.ordinal, role, session[role .. "_index"], id)
    end
    by_ordinal[session.ordinal] = (by_ordinal[session.ordinal] or 0) - 1
    note_past(id, session, closing.sides)
    if revokes then
      revoke(keys.leases, id, 0)
    end
  end
  in_batches("HSET", keys.sessions, records)
  in_batches("ZREM", keys.due, ids)
  in_batches("ZADD", keys.cooling, cooling)
  redis.call("HINCRBY", keys.policy, "open_sessions", -#closings)
  occupy(keys, by_ordinal)
end
