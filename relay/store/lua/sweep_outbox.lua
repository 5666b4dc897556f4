-- sweep_outbox: what waits in the outbox longer than it should: whoever was to send it has died,
-- or it may be tried again now. Each is looked at again after a pause. Safe to run twice.
-- Answers the ids.
local outbox_key = KEYS[1]       -- sorted set
local now = tonumber(ARGV[1])    -- seconds
local batch = tonumber(ARGV[2])  -- most ids in one call
local pause = tonumber(ARGV[3])  -- seconds

local due = redis.call("ZRANGEBYSCORE", outbox_key, "-inf", now, "LIMIT", 0, batch)
for _, id in ipairs(due) do
  redis.call("ZADD", outbox_key, now + pause, id)
end
return due
