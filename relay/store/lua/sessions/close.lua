-- close: closes one session at once; its bindings cool from now.
-- keys: sessions due cooling leases policy busy full
-- args: now:number id reason revokes:flag cooldown_of_recruiter:number cooldown_of_candidate:number
-- uses: session leases occupancy closing
--
-- Safe to run twice: a closed session stays as it was closed first. A session past its expiry
-- closes as expired, whatever was asked.
-- Answers the record after it, or false when there is no such session.
local cooldowns = { recruiter = args.cooldown_of_recruiter, candidate = args.cooldown_of_candidate }

local record = redis.call("HGET", keys.sessions, args.id)
if not record then
  return false
end
local session = read_session(record)
if session.status == "open" then
  local expires_at = tonumber(session.expires_at)
  if expires_at <= args.now then
    close_session(keys, args.id, session, expires_at, "expired", cooldowns, args.revokes)
  else
    close_session(keys, args.id, session, math.floor(args.now), args.reason, cooldowns, args.revokes)
  end
end
return pack_session(session)
