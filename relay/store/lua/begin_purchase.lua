-- begin_purchase: lets one buyer work for a pool at a time, by a lease. Safe to run twice with one
-- token. Answers {"ended"} for a job that is over or unknown, {"busy", until} or {"begun"}.
local job_key = KEYS[1]          -- hash
local jobs_key = KEYS[2]         -- sorted set
local buyer_key = KEYS[3]        -- hash: token and until of who buys for the pool
local id = ARGV[1]               -- job id
local token = ARGV[2]            -- of this execution
local now = tonumber(ARGV[3])    -- seconds
local lease = tonumber(ARGV[4])  -- seconds, longer than a purchase takes
local running = ARGV[5]          -- job status

if not redis.call("ZSCORE", jobs_key, id) then
  return { "ended" }
end
local holder = redis.call("HMGET", buyer_key, "token", "until")
local till = tonumber(holder[2] or "0")
if holder[1] and holder[1] ~= token and now < till then
  redis.call("ZADD", jobs_key, holder[2], id)
  return { "busy", holder[2] }
end
till = string.format("%.3f", now + lease)
redis.call("HSET", buyer_key, "token", token, "until", till)
redis.call("ZADD", jobs_key, till, id)
redis.call("HSET", job_key, "status", running)
return { "begun" }
