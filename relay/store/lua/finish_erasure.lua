-- finish_erasure: forgets that somebody was there. Safe to run twice.
local person_key = KEYS[1]   -- hash
local changes_key = KEYS[2]  -- sorted set
local member = ARGV[1]       -- role:ref

if redis.call("HGET", person_key, "stage") ~= "erasing" then
  return 0
end
redis.call("DEL", person_key)
redis.call("ZREM", changes_key, member)
return 1
