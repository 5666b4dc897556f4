-- import_number: puts a number into a pool, in the lowest place that is vacant.
--
-- Safe to run twice. Answers {"imported" | "known", ordinal}.
local pool_key = KEYS[1]      -- hash
local numbers_key = KEYS[2]   -- hash
local ordinals_key = KEYS[3]  -- hash
local vacant_key = KEYS[4]    -- sorted set
local blocked_key = KEYS[5]   -- bitmap
local number_key = KEYS[6]    -- hash
local number = ARGV[1]        -- virtual number
local status = ARGV[2]        -- number status
local blocked = tonumber(ARGV[3])  -- 1 unless the status lets it be allocated
local carrier_sid = ARGV[4]
local capabilities = ARGV[5]  -- "vsm": voice, sms, mms
local now = ARGV[6]           -- whole seconds

local ordinal = redis.call("HGET", numbers_key, number)
if ordinal then
  return { "known", ordinal }
end
local vacant = redis.call("ZRANGE", vacant_key, 0, 0)
if vacant[1] then
  ordinal = vacant[1]
  redis.call("ZREM", vacant_key, ordinal)
else
  ordinal = redis.call("HINCRBY", pool_key, "next_ordinal", 1) - 1
end
redis.call("HSET", numbers_key, number, ordinal)
redis.call("HSET", ordinals_key, ordinal, number)
redis.call("SETBIT", blocked_key, ordinal, blocked)
redis.call("HSET", number_key, "ordinal", ordinal, "status", status, "carrier_sid", carrier_sid,
  "capabilities", capabilities, "imported_at", now)
return { "imported", ordinal }
