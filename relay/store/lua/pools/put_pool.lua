-- put_pool: a pool's policy, and which of its numbers are full by it.
-- keys: pools policy busy full
-- args: pool policy:list seen? moves:flag
-- uses: occupancy pool_in_use
--
-- Policy is the name of a field and its value in turn; seen: the signature of the policy that it
-- shall replace, where it has to be that one; moves: the pool's country changes, which it may not
-- while it is in use. Safe to run twice. Answers "created", "changed", "in_use", or "again" (the
-- policy is another one by now).

local function mark_full_numbers(most)
  local numbers = redis.call("ZRANGE", keys.busy, 0, -1, "WITHSCORES")
  for position = 1, #numbers, 2 do
    mark_occupancy(keys, numbers[position], tonumber(numbers[position + 1]), most)
  end
end

if args.seen and redis.call("HGET", keys.policy, "signature") ~= args.seen then
  return "again"
elseif args.moves and is_in_use() then
  return "in_use"
end
redis.call("HSET", keys.policy, unpack(args.policy))
redis.call("DEL", keys.full)
local most = most_sessions(keys)
if most then
  mark_full_numbers(most)
end
return redis.call("SADD", keys.pools, args.pool) == 1 and "created" or "changed"
