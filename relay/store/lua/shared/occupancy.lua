-- How many open sessions each number carries, and which carry as many as the policy lets them.
-- keys: policy busy full

local function mark_occupancy(keys, ordinal, sessions, most)
  redis.call("SETBIT", keys.full, ordinal, sessions >= most and 1 or 0)
end

local function most_sessions(keys)
  return tonumber(redis.call("HGET", keys.policy, "max_sessions_per_number") or "")
end

-- So many sessions more, or fewer, are open on each ordinal. changes: by ordinal.
local function occupy(keys, changes)
  local most = most_sessions(keys)
  for ordinal, change in pairs(changes) do
    local sessions = tonumber(redis.call("ZINCRBY", keys.busy, change, ordinal))
    if most then
      mark_occupancy(keys, ordinal, sessions, most)
    end
  end
end
