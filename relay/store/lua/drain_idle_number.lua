-- drain_idle_number: sets a number to draining that has been idle since before a moment and that
-- nobody has set aside or claimed in between. Safe to run twice: the second time it is draining.
-- Answers 1, or 0 when it stays.
local number_key = KEYS[1]        -- hash
local load_key = KEYS[2]          -- hash
local idle_key = KEYS[3]          -- sorted set: number by since when
local blocked_key = KEYS[4]       -- bitmap
local resting_key = KEYS[5]       -- bitmap
local number = ARGV[1]            -- virtual number
local before = tonumber(ARGV[2])  -- seconds
local draining = ARGV[3]          -- number status

local known = redis.call("HMGET", number_key, "status", "ordinal")
if known[1] ~= "available" and known[1] ~= "resting" then
  return 0
end
local since = redis.call("ZSCORE", idle_key, number)
if redis.call("HEXISTS", load_key, number) == 1 or not since or tonumber(since) > before then
  return 0
end
redis.call("HSET", number_key, "status", draining)
redis.call("HDEL", number_key, "resting_since", "complaints")
redis.call("SETBIT", blocked_key, known[2], 1)
redis.call("SETBIT", resting_key, known[2], 0)
return 1
