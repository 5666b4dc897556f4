-- How many sealed phones, kept texts and people's indexes are under each key, by "kind:key id".
-- keys: under_keys

local function key_of_seal(sealed)
  return string.match(sealed, "^([^:]*):") or ""
end

local function count_under(kind, key_id, change)
  local field = kind .. ":" .. key_id
  if redis.call("HINCRBY", keys.under_keys, field, change) <= 0 then
    redis.call("HDEL", keys.under_keys, field)
  end
end

-- One value of this kind is under another key than before. Key ids; nil where there is none.
local function count_change(kind, before, after)
  if before == after then
    return
  end
  if before then
    count_under(kind, before, -1)
  end
  if after then
    count_under(kind, after, 1)
  end
end
