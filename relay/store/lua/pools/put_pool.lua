-- put_pool: a pool's policy, and which of its numbers are full by it.
-- keys: policy busy full
-- args: policy:list
-- uses: occupancy
--
-- Policy is the name of a field and its value in turn. Safe to run twice. Answers 1.

local function mark_full_numbers(most)
  local numbers = redis.call("ZRANGE", keys.busy, 0, -1, "WITHSCORES")
  for position = 1, #numbers, 2 do
    mark_occupancy(keys, numbers[position], tonumber(numbers[position + 1]), most)
  end
end

redis.call("HSET", keys.policy, unpack(args.policy))
redis.call("DEL", keys.full)
local most = most_sessions(keys)
if most then
  mark_full_numbers(most)
end
return 1
