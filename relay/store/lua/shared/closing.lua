-- Closing a session.
-- keys: sessions due cooling leases policy
-- uses: session leases occupancy

local function cooling_member(ordinal, role, index, id)
  return table.concat({ ordinal, role, index, id }, ":")
end

-- Closes an open session: the numbers are forgotten, both bindings start to cool.
-- cooldowns: in seconds; revokes: whether it also revokes the decisions of calls that have begun.
local function close_session(keys, id, session, closed_at, reason, cooldowns, revokes)
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
  redis.call("HINCRBY", keys.policy, "open_sessions", -1)
  occupy(keys, session.ordinal, -1)
  if revokes then
    revoke(keys.leases, id, 0)
  end
end
