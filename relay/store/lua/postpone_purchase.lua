-- postpone_purchase: a job goes on later; meanwhile another one may buy for the pool. Safe to run
-- twice: the second time the lease is gone. Answers 1, or 0 when it is not this execution's.
local job_key = KEYS[1]     -- hash
local jobs_key = KEYS[2]    -- sorted set
local buyer_key = KEYS[3]   -- hash
local id = ARGV[1]          -- job id
local token = ARGV[2]       -- of this execution
local until_ = ARGV[3]      -- seconds
local counts = ARGV[4]      -- "1" when it was a failure of the carrier's, which lengthens the next pause

if redis.call("HGET", buyer_key, "token") ~= token then
  return 0
end
redis.call("ZADD", jobs_key, until_, id)
if counts == "1" then
  redis.call("HINCRBY", job_key, "pauses", 1)
end
redis.call("DEL", buyer_key)
return 1
