-- enter_pool: notes that a person has sessions in a pool, before the first one is claimed, so that
-- a phone change finds all of them. Safe to run twice.
--
-- Answers {"unknown" | "changing"} or {"entered", the record's fields and values…}.
local person_key = KEYS[1]  -- hash
local pool = ARGV[1]        -- pool's name

local known = redis.call("HMGET", person_key, "status", "change", "pools")
if not known[1] then
  return { "unknown" }
elseif known[2] then
  return { "changing" }
end
local pools = known[3] or ""
if not string.find("," .. pools .. ",", "," .. pool .. ",", 1, true) then
  redis.call("HSET", person_key, "pools", pools == "" and pool or pools .. "," .. pool)
end
return { "entered", unpack(redis.call("HGETALL", person_key)) }
