-- begin_phone_change: puts a person's new phone on record as pending. From now on they enter no
-- pool, so that the change finds all their sessions; it ends by finish_ or forget_phone_change.
--
-- The new phone of a candidate is held for them from now on; with take_over it stays with the
-- candidate who has it until the change can no longer fail. Safe to run twice: the change's id
-- tells a repeated command from another change.
--
-- Answers {"begun", whose phone it is now, or ""} | {"unknown"} | {"busy"} | {"held"}.
local person_key = KEYS[1]          -- hash
local changes_key = KEYS[2]         -- sorted set
local FIRST_HOLDER_KEY = 3          -- strings: holder of the new phone; candidates only
local now = tonumber(ARGV[1])       -- seconds
local member = ARGV[2]              -- role:ref
local ref = ARGV[3]
local change = ARGV[4]              -- the change's id
local take_over = ARGV[5] == "1"
local FIRST_FIELD = 6               -- fields and values: the new phone

local known = redis.call("HMGET", person_key, "status", "change", "taken_from")
if not known[1] then
  return { "unknown" }
elseif known[2] == change then
  return { "begun", known[3] }
elseif known[2] then
  return { "busy" }
end

local taken_from = ""
for position = FIRST_HOLDER_KEY, #KEYS do
  local holder = redis.call("GET", KEYS[position])
  if holder and holder ~= ref then
    taken_from = holder
  end
end
if taken_from ~= "" and not take_over then
  return { "held" }
end
if taken_from == "" and #KEYS >= FIRST_HOLDER_KEY then
  redis.call("SET", KEYS[FIRST_HOLDER_KEY], ref)
end
redis.call("HSET", person_key, "change", change, "stage", "reserving", "taken_from", taken_from,
  unpack(ARGV, FIRST_FIELD))
redis.call("ZADD", changes_key, now, member)
return { "begun", taken_from }
