-- drain_idle_number: sets a number to draining that has been idle since before a moment and that
-- nobody has set aside or claimed in between. Safe to run twice: the second time it is draining.
-- Answers 1, or 0 when it stays.
-- uses: statuses
local keys = {
  number = KEYS[1],   -- hash
  load = KEYS[2],     -- hash
  idle = KEYS[3],     -- sorted set: number by since when
  blocked = KEYS[4],  -- bitmap
  resting = KEYS[5],  -- bitmap
  pool = KEYS[6],     -- hash
}
local number = ARGV[1]            -- virtual number
local before = tonumber(ARGV[2])  -- seconds
local draining = ARGV[3]          -- number status

local known = redis.call("HMGET", keys.number, "status", "ordinal")
if known[1] ~= "available" and known[1] ~= "resting" then
  return 0
end
local since = redis.call("ZSCORE", keys.idle, number)
if redis.call("HEXISTS", keys.load, number) == 1 or not since or tonumber(since) > before then
  return 0
end
change_status(keys, known[1], draining)
redis.call("HSET", keys.number, "status", draining)
redis.call("HDEL", keys.number, "resting_since", "complaints")
redis.call("SETBIT", keys.blocked, known[2], 1)
redis.call("SETBIT", keys.resting, known[2], 0)
return 1
