-- forget_phone_change: the end of a change that was undone in every pool: the person keeps the
-- phone they have. Safe to run twice.
local person_key = KEYS[1]     -- hash
local changes_key = KEYS[2]    -- sorted set
local FIRST_HOLDER_KEY = 3     -- strings: holder of the phone that was asked for; candidates only
local member = ARGV[1]         -- role:ref
local ref = ARGV[2]
local change = ARGV[3]         -- the change's id

local known = redis.call("HMGET", person_key, "change", "stage")
if known[1] ~= change or known[2] ~= "undoing" then
  return 0
end
for position = FIRST_HOLDER_KEY, #KEYS do
  if redis.call("GET", KEYS[position]) == ref then
    redis.call("DEL", KEYS[position])
  end
end
redis.call("HDEL", person_key, "change", "stage", "taken_from", "new_sealed", "new_indexes",
  "new_key_ids", "new_hint", "new_country")
redis.call("ZREM", changes_key, member)
return 1
