-- turn_phone_change_back: no process can commit the change any more; what it has reserved may be
-- undone. Safe to run twice. Answers 1, or 0 when it has been committed or is over.
local person_key = KEYS[1]  -- hash
local change = ARGV[1]      -- the change's id

local known = redis.call("HMGET", person_key, "change", "stage")
if known[1] ~= change or (known[2] ~= "reserving" and known[2] ~= "undoing") then
  return 0
end
redis.call("HSET", person_key, "stage", "undoing")
return 1
