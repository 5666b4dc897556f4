-- close_due: closes a batch of sessions past their expiry.
-- keys: recruiters=sessions_of("recruiter" batch.recruiter)
--       candidates=sessions_of("candidate" batch.candidate)
-- args: now:number batch:records(id recruiter candidate)
-- uses: closing
--
-- The batch was read before; each is looked at again here. A pair with a call in progress is left
-- alone until its lease ends (P5): it is looked at again then, or when the call's end is known.
-- Safe to run twice and side by side. Answers the ids closed.
local ids, closings, closed = {}, {}, {}
for position, each in ipairs(args.batch) do
  ids[position] = each.id
end
local records, leases = read_fields(keys.sessions, ids), read_fields(keys.leases, ids)
for position, id in ipairs(ids) do
  local session = records[position] and read_session(records[position])
  local busy = busy_until(keys.leases, id, leases[position], args.now)
  if not session or session.status ~= "open" then
    redis.call("ZREM", keys.due, id)
  elseif busy then
    redis.call("ZADD", keys.due, busy, id)
  elseif tonumber(session.expires_at) <= args.now then
    local sides = { recruiter = keys.recruiters[position], candidate = keys.candidates[position] }
    closings[#closings + 1] = closing_of(id, session, sides, "expired", args.now)
    closed[#closed + 1] = id
  end
end
close_sessions(keys, closings)
return closed
