-- close: closes one session at once; its bindings cool from now.
-- uses: session, leases, occupancy, closing
--
-- Safe to run twice: a closed session stays as it was closed first. A session past its expiry
-- closes as expired, whatever was asked.
-- Answers the record after it, or false when there is no such session.
local keys = {
  sessions = KEYS[1],  -- hash
  due = KEYS[2],       -- sorted set
  cooling = KEYS[3],   -- sorted set
  leases = KEYS[4],    -- hash
  pool = KEYS[5],      -- hash
  busy = KEYS[6],      -- sorted set
  full = KEYS[7],      -- bitmap
}
local now = tonumber(ARGV[1])   -- seconds
local id = ARGV[2]              -- session id
local reason = ARGV[3]          -- closed_reason
local cooldowns = { recruiter = tonumber(ARGV[4]), candidate = tonumber(ARGV[5]) }  -- seconds
local severs = ARGV[6] == "1"   -- take back decisions of calls under way

local record = redis.call("HGET", keys.sessions, id)
if not record then
  return false
end
local session = read_session(record)
if session.status == "open" then
  local expires_at = tonumber(session.expires_at)
  if expires_at <= now then
    close_session(keys, id, session, expires_at, "expired", cooldowns, severs)
  else
    close_session(keys, id, session, math.floor(now), reason, cooldowns, severs)
  end
end
return pack_session(session)
