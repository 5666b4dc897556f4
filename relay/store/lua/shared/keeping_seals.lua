-- A person's seal is written and deleted here alone, and counted with the key of their indexes.
-- keys: seals
-- uses: under_keys
--
-- A person is under the first of their index keys: the others find them too, while they are given.

local function first_of(key_ids)
  return key_ids and string.match(key_ids, "^[^,]+") or nil
end

-- person: the key of the record, before its key_ids are written. Keys are by role:ref (`whose`).
local function keep_seal(whose, person, sealed, key_ids)
  local before = redis.call("HGET", keys.seals, whose)
  count_change("phone", before and key_of_seal(before) or nil, key_of_seal(sealed))
  redis.call("HSET", keys.seals, whose, sealed)
  local known = redis.call("HGET", person, "key_ids")
  count_change("index", first_of(known), first_of(key_ids))
  redis.call("HSET", person, "key_ids", key_ids)
end

local function drop_seal(whose, person)
  local before = redis.call("HGET", keys.seals, whose)
  count_change("phone", before and key_of_seal(before) or nil, nil)
  redis.call("HDEL", keys.seals, whose)
  count_change("index", first_of(redis.call("HGET", person, "key_ids")), nil)
  redis.call("HDEL", person, "key_ids")
end
