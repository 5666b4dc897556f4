-- put_participant: creates a person or changes what is known of them, all but a phone they have.
--
-- A person without a phone gets the one that is given; somebody who has it already gets it sealed
-- under the key that is given. Candidates are unique by phone. The index keys the phone is found by
-- become those that are given. Safe to run twice.
--
-- Answers {"created" | "updated" | "other_phone" | "held" | "changing"}: the person has another
-- phone; another candidate has this one; a phone change is under way.
local person_key = KEYS[1]     -- hash
local FIRST_HOLDER_KEY = 2     -- strings: holder of the phone under each index key; candidates only
local now = ARGV[1]            -- whole seconds
local ref = ARGV[2]
local sealed = ARGV[3]         -- phone, or "" to give none
local indexes = ARGV[4]        -- comma-joined, the writing key's first
local FIRST_PHONE_FIELD = 5    -- six fields and values that say more about the phone
local FIRST_DETAIL = 11        -- fields and values

local known = redis.call("HMGET", person_key, "status", "indexes", "change", "sealed")
if known[3] then
  return { "changing" }
end

local function is_among(index, list)
  return string.find("," .. list .. ",", "," .. index .. ",", 1, true) ~= nil
end

local function is_same_phone()
  for index in string.gmatch(indexes, "[^,]+") do
    if is_among(index, known[2]) then
      return true
    end
  end
  return false
end

-- What is left of a sealed phone without its key's id begins with the nonce. Whoever seals the phone
-- anew keeps that, so that claim.lua knows a phone that was lost under whichever key it is sealed.
local function has_known_nonce()
  return string.match(sealed, ":(" .. string.rep(".", 16) .. ")")
    == string.match(known[4], ":(" .. string.rep(".", 16) .. ")")
end

local has_phone = known[1] == "active"
if sealed ~= "" then
  if has_phone and not is_same_phone() then
    return { "other_phone" }
  end
  for position = FIRST_HOLDER_KEY, #KEYS do
    local holder = redis.call("GET", KEYS[position])
    if holder and holder ~= ref then
      return { "held" }
    end
  end
  if not has_phone or has_known_nonce() then
    redis.call("HSET", person_key, "status", "active", "sealed", sealed)
  end
  redis.call("HSET", person_key, "indexes", indexes, unpack(ARGV, FIRST_PHONE_FIELD, FIRST_DETAIL - 1))
  for position = FIRST_HOLDER_KEY, #KEYS do
    if position == FIRST_HOLDER_KEY then
      redis.call("SET", KEYS[position], ref)
    else
      redis.call("DEL", KEYS[position])
    end
  end
elseif not known[1] then
  redis.call("HSET", person_key, "status", "without_phone")
end
redis.call("HSETNX", person_key, "created_at", now)
redis.call("HSET", person_key, "updated_at", now, unpack(ARGV, FIRST_DETAIL))
return { known[1] and "updated" or "created" }
