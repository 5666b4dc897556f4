-- reindex: a person's phone is found by the index keys, and sealed by the sealing key, of new rings
-- from now on.
--
-- Only while it is still the phone that was read. Safe to run twice. Answers 1, or 0 when it is not.
local person_key = KEYS[1]  -- hash
local FIRST_HOLDER_KEY = 2  -- strings: holder under each index key, new ones first; candidates only
local sealed = ARGV[1]      -- the phone that was read
local sealed_anew = ARGV[2] -- the same phone
local indexes = ARGV[3]     -- comma-joined, the writing key's first
local key_ids = ARGV[4]     -- comma-joined
local ref = ARGV[5]         -- the person's

local known = redis.call("HMGET", person_key, "sealed", "change")
if known[1] ~= sealed or known[2] then
  return 0
end
redis.call("HSET", person_key, "sealed", sealed_anew, "indexes", indexes, "key_ids", key_ids)
for position = FIRST_HOLDER_KEY, #KEYS do
  if position == FIRST_HOLDER_KEY then
    redis.call("SET", KEYS[position], ref)
  else
    redis.call("DEL", KEYS[position])
  end
end
return 1
