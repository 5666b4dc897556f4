-- What a pool's policy says, from its hash.
-- keys: policy

-- Returns the seconds for which each side's binding is kept after a session.
local function cooldowns_of(keys)
  local seconds = redis.call("HMGET", keys.policy, "recruiter_cooldown", "candidate_cooldown")
  return { recruiter = tonumber(seconds[1]), candidate = tonumber(seconds[2]) }
end
