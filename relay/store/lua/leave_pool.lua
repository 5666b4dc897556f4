-- leave_pool: closes the sessions of somebody who has lost their phone, a batch at a time, and takes
-- back the decisions of their calls under way. Claims made with that phone are refused.
-- uses: session, leases, occupancy, closing, moving
--
-- Safe to run twice. Answers how many sessions were closed; fewer than the batch: all are.
local keys = {
  sessions = KEYS[1],  -- hash
  due = KEYS[2],       -- sorted set
  cooling = KEYS[3],   -- sorted set
  leases = KEYS[4],    -- hash
  policy = KEYS[5],      -- hash
  pairs = KEYS[6],     -- hash: the person's
  moving = KEYS[7],    -- hash
  busy = KEYS[8],      -- sorted set
  full = KEYS[9],      -- bitmap
}
local now = tonumber(ARGV[1])    -- seconds
local role = ARGV[2]             -- "recruiter", "candidate"
local ref = ARGV[3]
local mark = ARGV[4]             -- how the sealed phone that is lost begins, or ""
local marked = tonumber(ARGV[5]) -- seconds for which claims with it are refused
local reason = ARGV[6]           -- closed_reason
local cooldowns = { recruiter = tonumber(ARGV[7]), candidate = tonumber(ARGV[8]) }  -- seconds
local batch = tonumber(ARGV[9])  -- most sessions in one call

if mark ~= "" then
  redis.call("HSET", keys.moving, role .. ":" .. ref, pack_marker("!" .. mark, whole(now + marked), ""))
end

local closed = 0
each_open(keys.sessions, keys.pairs, function(id, session)
  if closed == batch then
    return
  end
  local expires_at = tonumber(session.expires_at)
  if expires_at <= now then
    close_session(keys, id, session, expires_at, "expired", cooldowns)
  else
    close_session(keys, id, session, math.floor(now), reason, cooldowns)
  end
  closed = closed + 1
end)

-- Closed sessions have calls in progress, too. The hash holds no more than those.
for _, id in ipairs(redis.call("HKEYS", keys.leases)) do
  local record = redis.call("HGET", keys.sessions, id)
  if not record or read_session(record)[role] == ref then
    revoke(keys.leases, id, now)
  end
end
return closed
