-- close_due: closes a batch of sessions past their expiry.
-- uses: session, leases, occupancy, closing
--
-- A pair with a call in progress is left alone until its lease ends (P5): it is looked at again
-- then, or when the call's end is known. Safe to run twice and side by side.
-- Answers {how many were looked at, ids closed…}.
local keys = {
  sessions = KEYS[1],  -- hash
  due = KEYS[2],       -- sorted set
  cooling = KEYS[3],   -- sorted set
  leases = KEYS[4],    -- hash
  policy = KEYS[5],      -- hash
  busy = KEYS[6],      -- sorted set
  full = KEYS[7],      -- bitmap
}
local now = tonumber(ARGV[1])   -- seconds
local batch = tonumber(ARGV[2]) -- most sessions in one call
local cooldowns = { recruiter = tonumber(ARGV[3]), candidate = tonumber(ARGV[4]) }  -- seconds

local due = redis.call("ZRANGEBYSCORE", keys.due, "-inf", now, "LIMIT", 0, batch)
local answer = { #due }
for _, id in ipairs(due) do
  local record = redis.call("HGET", keys.sessions, id)
  local busy = busy_until(keys.leases, id, now)
  if busy then
    redis.call("ZADD", keys.due, busy, id)
  elseif record then
    local session = read_session(record)
    close_session(keys, id, session, tonumber(session.expires_at), "expired", cooldowns)
    answer[#answer + 1] = id
  else
    redis.call("ZREM", keys.due, id)
  end
end
return answer
