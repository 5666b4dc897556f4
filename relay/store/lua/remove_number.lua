-- remove_number: takes a number out of its pool once nothing is bound to it any more, and notes that
-- the carrier gets it back in the same step, so that a crash cannot leave it rented for nobody.
-- uses: places, statuses
--
-- With an expected status it stays when it has another one meanwhile. Safe to run twice. Answers
-- "removed", "unknown", "changed" when its status is another one, or "bound" while sessions are open
-- or cooling.
local keys = {
  numbers = KEYS[1],   -- hash
  ordinals = KEYS[2],  -- hash
  vacant = KEYS[3],    -- sorted set
  number = KEYS[4],    -- hash
  busy = KEYS[5],      -- sorted set
  blocked = KEYS[6],   -- bitmap
  resting = KEYS[7],   -- bitmap
  no_voice = KEYS[8],  -- bitmap
  no_sms = KEYS[9],    -- bitmap
  full = KEYS[10],     -- bitmap
  area = KEYS[11],     -- bitmap: the number's area
  load = KEYS[12],     -- hash
  idle = KEYS[13],     -- sorted set
  releasing = KEYS[14],  -- hash: number → carrier sid, since when, account
  policy = KEYS[15],     -- hash
}
local number = ARGV[1]    -- virtual number
local expected = ARGV[2]  -- number status, or ""

local ordinal = redis.call("HGET", keys.numbers, number)
if not ordinal then
  -- Only this call, or one like it, has noted the release: its reply was lost.
  return redis.call("HEXISTS", keys.releasing, number) == 1 and "removed" or "unknown"
end
local known = redis.call("HMGET", keys.number, "status", "carrier_sid", "rented_since", "account")
if expected ~= "" and expected ~= known[1] then
  return "changed"
end
if redis.call("HEXISTS", keys.load, number) == 1 then
  return "bound"
end
redis.call("HDEL", keys.numbers, number)
redis.call("HDEL", keys.ordinals, ordinal)
redis.call("ZREM", keys.busy, ordinal)
redis.call("ZADD", keys.vacant, ordinal, ordinal)
count_status(keys, known[1], -1)
mark_place(keys, ordinal, { blocked = 1 })
redis.call("DEL", keys.number)
redis.call("ZREM", keys.idle, number)
redis.call("HSET", keys.releasing, number, table.concat({ known[2], known[3], known[4] }, "\t"))
return "removed"
