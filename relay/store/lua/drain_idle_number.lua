-- drain_idle_number: sets a number to draining that has been idle since before a moment and that
-- nobody has set aside or claimed in between. Whoever drains another one meanwhile has used up the
-- headroom that the caller saw: it looks again. Safe to run twice.
-- Answers "drained", "changed" when there are fewer or more numbers by now, or "stays".
-- uses: statuses
local keys = {
  number = KEYS[1],   -- hash
  load = KEYS[2],     -- hash
  idle = KEYS[3],     -- sorted set: number by since when
  blocked = KEYS[4],  -- bitmap
  resting = KEYS[5],  -- bitmap
  policy = KEYS[6],     -- hash
}
local number = ARGV[1]            -- virtual number
local before = tonumber(ARGV[2])  -- seconds
local draining = ARGV[3]          -- number status
local allocatable = tonumber(ARGV[4])  -- numbers that the caller counted

local known = redis.call("HMGET", keys.number, "status", "ordinal")
local since = redis.call("ZSCORE", keys.idle, number)
if redis.call("HEXISTS", keys.load, number) == 1 or not since or tonumber(since) > before then
  return "stays"
elseif known[1] == draining then
  return "drained"  -- by this very call: its reply was lost
elseif known[1] ~= "available" and known[1] ~= "resting" then
  return "stays"
end
local counts = redis.call("HMGET", keys.policy, "numbers:available", "numbers:resting")
if tonumber(counts[1] or "0") + tonumber(counts[2] or "0") ~= allocatable then
  return "changed"
end
change_status(keys, known[1], draining)
redis.call("HSET", keys.number, "status", draining)
redis.call("HDEL", keys.number, "resting_since", "complaints")
redis.call("SETBIT", keys.blocked, known[2], 1)
redis.call("SETBIT", keys.resting, known[2], 0)
return "drained"
