-- remove_number: takes a number out of its pool once nothing is bound to it any more.
--
-- Safe to run twice. Answers "removed", "unknown", or "bound" while sessions are open or cooling.
local numbers_key = KEYS[1]   -- hash
local ordinals_key = KEYS[2]  -- hash
local vacant_key = KEYS[3]    -- sorted set
local blocked_key = KEYS[4]   -- bitmap
local number_key = KEYS[5]    -- hash
local load_key = KEYS[6]      -- hash
local number = ARGV[1]        -- virtual number

local ordinal = redis.call("HGET", numbers_key, number)
if not ordinal then
  return "unknown"
end
if redis.call("HEXISTS", load_key, number) == 1 then
  return "bound"
end
redis.call("HDEL", numbers_key, number)
redis.call("HDEL", ordinals_key, ordinal)
redis.call("ZADD", vacant_key, ordinal, ordinal)
redis.call("SETBIT", blocked_key, ordinal, 1)
redis.call("DEL", number_key)
return "removed"
