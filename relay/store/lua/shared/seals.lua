-- A person's phone is sealed once, in the hash of all seals under "role:ref".
-- keys: seals

-- The seal of a session's side, "" for somebody who has no phone now.
local function seal_of(keys, session, side)
  return redis.call("HGET", keys.seals, side .. ":" .. session[side]) or ""
end
