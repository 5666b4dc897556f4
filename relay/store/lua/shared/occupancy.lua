-- How many open sessions each number carries, and which carry as many as the policy lets them. One
-- that a phone change is to bring to a number counts there as soon as its place is reserved.
-- keys: policy busy full

local function mark_occupancy(keys, ordinal, sessions, most)
  redis.call("SETBIT", keys.full, ordinal, sessions >= most and 1 or 0)
end

local function most_sessions(keys)
  return tonumber(redis.call("HGET", keys.policy, "max_sessions_per_number") or "")
end

-- A session takes a place on a number (1) or gives it back (-1).
local function occupy(keys, ordinal, change)
  local sessions = tonumber(redis.call("ZINCRBY", keys.busy, change, ordinal))
  local most = most_sessions(keys)
  if most then
    mark_occupancy(keys, ordinal, sessions, most)
  end
end
