-- What a pool's limits count. A number that is in the pool and not lost, about to be bought, or on
-- its way back to the carrier is rented; one that is two of these at once, on the way from one to
-- the other, is one.
-- keys: policy numbers buying releasing prepaid

local function count_rented(keys)
  local lost = tonumber(redis.call("HGET", keys.policy, "numbers:released") or "0")
  local rented = redis.call("HLEN", keys.numbers) - lost + redis.call("HLEN", keys.releasing)
  for _, number in ipairs(redis.call("HKEYS", keys.buying)) do
    if redis.call("HEXISTS", keys.numbers, number) == 0
      and redis.call("HEXISTS", keys.releasing, number) == 0 then
      rented = rented + 1
    end
  end
  return rented
end

-- Numbers that were given back count until their paid month ends. Otherwise buying and giving back
-- in turn would pass the budget.
local function count_prepaid(keys, now)
  return redis.call("ZCOUNT", keys.prepaid, "(" .. now, "+inf")
end
