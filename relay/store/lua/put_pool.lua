-- put_pool: a pool's policy, and which of its numbers are full by it. Safe to run twice. Answers 1.
-- uses: occupancy
local keys = {
  policy = KEYS[1],  -- hash
  busy = KEYS[2],  -- sorted set
  full = KEYS[3],  -- bitmap
}
local FIRST_FIELD = 1  -- names and values of the policy

for position = FIRST_FIELD, #ARGV, 2 do
  redis.call("HSET", keys.policy, ARGV[position], ARGV[position + 1])
end
redis.call("DEL", keys.full)
local most = most_sessions(keys)
local numbers = most and redis.call("ZRANGE", keys.busy, 0, -1, "WITHSCORES") or {}
for position = 1, #numbers, 2 do
  mark_occupancy(keys, numbers[position], tonumber(numbers[position + 1]), most)
end
return 1
