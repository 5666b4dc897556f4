-- purge_ended: forgets sessions whose retention is over. Safe to run twice.
-- Answers how many were forgotten.
local sessions_key = KEYS[1]      -- hash
local ended_key = KEYS[2]         -- sorted set
local interactions_key = KEYS[3]  -- sorted set, lexical
local leases_key = KEYS[4]        -- hash
local FIRST_PAIR_KEY = 5          -- for each session: the recruiter's pairs, the candidate's
local now = tonumber(ARGV[1])     -- seconds
local FIRST = 2                   -- for each session: id, recruiter's ref, candidate's ref

local purged = 0
for position = 0, (#ARGV - FIRST + 1) / 3 - 1 do
  local id = ARGV[FIRST + 3 * position]
  local score = redis.call("ZSCORE", ended_key, id)
  if score and tonumber(score) <= now then
    local sides = {
      { key = KEYS[FIRST_PAIR_KEY + 2 * position], ref = ARGV[FIRST + 3 * position + 2] },
      { key = KEYS[FIRST_PAIR_KEY + 2 * position + 1], ref = ARGV[FIRST + 3 * position + 1] },
    }
    for _, side in ipairs(sides) do
      if redis.call("HGET", side.key, side.ref) == id then
        redis.call("HDEL", side.key, side.ref)
      end
    end
    redis.call("HDEL", sessions_key, id)
    redis.call("HDEL", leases_key, id)
    redis.call("ZREM", ended_key, id)
    redis.call("ZREMRANGEBYLEX", interactions_key, "[" .. id .. "\t", "(" .. id .. "\n")
    purged = purged + 1
  end
end
return purged
