-- set_number_status: a number's status and what it means to new sessions, together.
-- uses: statuses
--
-- With an expected status it changes nothing when the number has another one meanwhile, so that the
-- pool never overrides its operator. Safe to run twice. Answers 1, or 0 for a number that is not in
-- the pool or has another status.
local keys = {
  number = KEYS[1],   -- hash
  blocked = KEYS[2],  -- bitmap
  resting = KEYS[3],  -- bitmap
  idle = KEYS[4],     -- sorted set: number by since when nothing is on it
  policy = KEYS[5],     -- hash
}
local number = ARGV[1]             -- virtual number
local status = ARGV[2]             -- number status
local blocked = tonumber(ARGV[3])  -- 1 unless the status lets it be allocated
local resting = tonumber(ARGV[4])  -- 1 when it is allocated only where nothing else is free
local expected = ARGV[5]           -- number status, or ""
local since = ARGV[6]              -- whole seconds: when the rest began, or ""
local complaints = ARGV[7]         -- why it rests, comma-joined

local known = redis.call("HMGET", keys.number, "ordinal", "status")
local ordinal = known[1]
if not ordinal or (expected ~= "" and expected ~= known[2]) then
  return 0
end
change_status(keys, known[2], status)
redis.call("HSET", keys.number, "status", status)
-- What it was before does not count as idle: it would be given back the minute it is wanted again.
redis.call("ZREM", keys.idle, number)
redis.call("SETBIT", keys.blocked, ordinal, blocked)
redis.call("SETBIT", keys.resting, ordinal, resting)
if resting == 1 then
  redis.call("HSET", keys.number, "resting_since", since, "complaints", complaints)
else
  redis.call("HDEL", keys.number, "resting_since", "complaints")
end
return 1
