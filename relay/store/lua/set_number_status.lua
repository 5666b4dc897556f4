-- set_number_status: a number's status and whether new sessions may use it, together.
--
-- Safe to run twice. Answers 1, or 0 for a number that is not in the pool.
local number_key = KEYS[1]         -- hash
local blocked_key = KEYS[2]        -- bitmap
local status = ARGV[1]             -- number status
local blocked = tonumber(ARGV[2])  -- 1 unless the status lets it be allocated

local ordinal = redis.call("HGET", number_key, "ordinal")
if not ordinal then
  return 0
end
redis.call("HSET", number_key, "status", status)
redis.call("SETBIT", blocked_key, ordinal, blocked)
return 1
