-- import_number: puts a number into a pool, in the lowest place that is vacant. One that is there
-- already follows the carrier, where it has been rented anew.
-- uses: places, statuses
--
-- Safe to run twice. Answers {"imported" | "known", ordinal}, or {"releasing"} for a number that is
-- on its way back to the carrier.
local keys = {
  policy = KEYS[1],      -- hash
  numbers = KEYS[2],   -- hash
  ordinals = KEYS[3],  -- hash
  vacant = KEYS[4],    -- sorted set
  number = KEYS[5],    -- hash
  busy = KEYS[6],      -- sorted set
  blocked = KEYS[7],   -- bitmap
  resting = KEYS[8],   -- bitmap
  no_voice = KEYS[9],  -- bitmap
  no_sms = KEYS[10],   -- bitmap
  full = KEYS[11],     -- bitmap
  area = KEYS[12],     -- bitmap: the number's area
  releasing = KEYS[13],  -- hash
}
local number = ARGV[1]        -- virtual number
local status = ARGV[2]        -- number status
local blocked = ARGV[3]       -- 1 unless the status lets it be allocated
local carrier_sid = ARGV[4]
local capabilities = ARGV[5]  -- some of "vsm": voice, sms, mms
local now = ARGV[6]           -- whole seconds
local rented_since = ARGV[7]  -- whole seconds: when the carrier charged it first
local account = ARGV[8]       -- the carrier's account that rents it, or ""

local ordinal = redis.call("HGET", keys.numbers, number)
if ordinal then
  local known = redis.call("HMGET", keys.number, "carrier_sid", "account")
  if known[1] ~= carrier_sid or known[2] ~= account then
    redis.call("HSET", keys.number, "carrier_sid", carrier_sid, "rented_since", rented_since,
      "account", account)
  end
  return { "known", ordinal }
end
if redis.call("HEXISTS", keys.releasing, number) == 1 then
  return { "releasing" }
end
local vacant = redis.call("ZRANGE", keys.vacant, 0, 0)
if vacant[1] then
  ordinal = vacant[1]
  redis.call("ZREM", keys.vacant, ordinal)
else
  ordinal = redis.call("HINCRBY", keys.policy, "next_ordinal", 1) - 1
end
redis.call("HSET", keys.numbers, number, ordinal)
redis.call("HSET", keys.ordinals, ordinal, number)
redis.call("ZADD", keys.busy, 0, ordinal)
count_status(keys, status, 1)
mark_place(keys, ordinal, {
  blocked = blocked,
  no_voice = string.find(capabilities, "v", 1, true) and 0 or 1,
  no_sms = string.find(capabilities, "s", 1, true) and 0 or 1,
  area = 1,
})
redis.call("HSET", keys.number, "ordinal", ordinal, "status", status, "carrier_sid", carrier_sid,
  "capabilities", capabilities, "imported_at", now,
  "rented_since", rented_since, "account", account)
if string.find(capabilities, "s", 1, true) then
  redis.call("HSET", keys.policy, "texts", "1")
end
return { "imported", ordinal }
