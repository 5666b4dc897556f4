-- finish_phone_change: the end of a change that was committed in every pool: the new phone is the
-- person's phone, and who lost it is free to get another one. Safe to run twice.
local person_key = KEYS[1]     -- hash
local loser_key = KEYS[2]      -- hash: who the phone was taken from, or the person again
local changes_key = KEYS[3]    -- sorted set
local FIRST_HOLDER_KEY = 4     -- strings: holder of the phone given up; candidates only
local now = ARGV[1]            -- whole seconds
local member = ARGV[2]         -- role:ref
local ref = ARGV[3]
local change = ARGV[4]         -- the change's id

local known = redis.call("HMGET", person_key, "change", "stage", "new_sealed", "new_indexes",
  "new_key_ids", "new_hint", "new_country")
if known[1] ~= change or known[2] ~= "committing" then
  return 0
end
for position = FIRST_HOLDER_KEY, #KEYS do
  if redis.call("GET", KEYS[position]) == ref then
    redis.call("DEL", KEYS[position])
  end
end
redis.call("HSET", person_key, "status", "active", "sealed", known[3], "indexes", known[4],
  "key_ids", known[5], "hint", known[6], "country", known[7], "updated_at", now)
redis.call("HDEL", person_key, "change", "stage", "taken_from", "new_sealed", "new_indexes",
  "new_key_ids", "new_hint", "new_country")
local losing = redis.call("HMGET", loser_key, "change", "stage")
if losing[1] == change and losing[2] == "losing" then
  redis.call("HDEL", loser_key, "change", "stage", "mark")
end
redis.call("ZREM", changes_key, member)
return 1
