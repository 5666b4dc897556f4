-- A person's phone is sealed once, in the hash of all seals under "role:ref".
-- keys: seals

-- Those of a session's recruiter and candidate, "" for somebody who has no phone now.
local function seals_of_both(keys, session)
  local seals = redis.call("HMGET", keys.seals,
    "recruiter:" .. session.recruiter, "candidate:" .. session.candidate)
  return seals[1] or "", seals[2] or ""
end

-- The seal of a session's side, "" for somebody who has no phone now.
local function seal_of(keys, session, side)
  return redis.call("HGET", keys.seals, side .. ":" .. session[side]) or ""
end
