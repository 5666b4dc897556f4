-- advance_phone_change: the point of no return. Every pool has reserved the new phone, so it is
-- the person's now; a candidate who had it loses it, and is held still until the change ends.
--
-- Safe to run twice. Answers "committing", or why it cannot be: "gone" (turned back meanwhile),
-- "held" (the phone is another candidate's now), "busy" (that candidate is changing, too).
local person_key = KEYS[1]     -- hash
local loser_key = KEYS[2]      -- hash: who the phone is taken from, or the person again
local FIRST_HOLDER_KEY = 3     -- strings: holder of the new phone; candidates only
local now = ARGV[1]            -- whole seconds
local ref = ARGV[2]
local change = ARGV[3]         -- the change's id

local known = redis.call("HMGET", person_key, "change", "stage", "taken_from")
if known[1] ~= change then
  return "gone"
elseif known[2] ~= "reserving" then
  return known[2] == "committing" and "committing" or "gone"
end

local loses = false
for position = FIRST_HOLDER_KEY, #KEYS do
  local holder = redis.call("GET", KEYS[position])
  if holder and holder ~= ref then
    if holder ~= known[3] then
      return "held"
    end
    loses = true
  end
end
if loses then
  if redis.call("HEXISTS", loser_key, "change") == 1 then
    return "busy"
  end
  local sealed = redis.call("HGET", loser_key, "sealed") or ""
  redis.call("HDEL", loser_key, "sealed", "indexes", "key_ids", "hint", "country")
  redis.call("HSET", loser_key, "status", "without_phone", "change", change, "stage", "losing",
    "mark", string.match(sealed, "^[^:]*:" .. string.rep(".", 16)) or "", "updated_at", now)
else
  redis.call("HSET", person_key, "taken_from", "")  -- they gave it up themselves
end
for position = FIRST_HOLDER_KEY, #KEYS do
  if position == FIRST_HOLDER_KEY then
    redis.call("SET", KEYS[position], ref)
  else
    redis.call("DEL", KEYS[position])
  end
end
redis.call("HSET", person_key, "stage", "committing")
return "committing"
