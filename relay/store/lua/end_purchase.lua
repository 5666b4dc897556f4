-- end_purchase: a job is over; its record goes by itself after a while, and the next buyer may
-- begin. Safe to run twice. Answers 1, or 0 when this execution's lease is not the pool's.
local job_key = KEYS[1]     -- hash
local jobs_key = KEYS[2]    -- sorted set
local buyer_key = KEYS[3]   -- hash
local id = ARGV[1]          -- job id
local token = ARGV[2]       -- of this execution
local now = ARGV[3]         -- whole seconds
local status = ARGV[4]      -- job status
local failures = ARGV[5]    -- lines of code and detail
local retention = ARGV[6]   -- seconds

if redis.call("HGET", buyer_key, "token") ~= token then
  return 0
end
redis.call("HSET", job_key, "status", status, "failures", failures, "ended_at", now)
redis.call("EXPIRE", job_key, retention)
redis.call("ZREM", jobs_key, id)
redis.call("DEL", buyer_key)
return 1
