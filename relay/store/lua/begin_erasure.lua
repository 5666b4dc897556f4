-- begin_erasure: takes everything off a person's record but the pools in which their sessions have
-- still to be closed. For everybody who asks they are gone from now on. Safe to run twice.
--
-- Answers "erasing", "unknown", "changing" (a phone change is under way) or "retry" (other holders
-- than those given).
local person_key = KEYS[1]     -- hash
local changes_key = KEYS[2]    -- sorted set
local FIRST_HOLDER_KEY = 3     -- strings: holder of the phone; candidates only
local now = tonumber(ARGV[1])  -- seconds
local member = ARGV[2]         -- role:ref
local ref = ARGV[3]
local indexes = ARGV[4]        -- comma-joined: those the holders' keys were made with

local known = redis.call("HMGET", person_key, "status", "change", "stage", "indexes", "pools",
  "sealed")
if not known[1] or known[3] == "erasing" then
  return "unknown"
elseif known[2] then
  return "changing"
elseif (known[4] or "") ~= indexes then
  return "retry"
end
for position = FIRST_HOLDER_KEY, #KEYS do
  if redis.call("GET", KEYS[position]) == ref then
    redis.call("DEL", KEYS[position])
  end
end
redis.call("DEL", person_key)
redis.call("HSET", person_key, "status", "without_phone", "change", "erasure", "stage", "erasing",
  "pools", known[5] or "",
  "mark", string.match(known[6] or "", "^[^:]*:" .. string.rep(".", 16)) or "")
redis.call("ZADD", changes_key, now, member)
return "erasing"
