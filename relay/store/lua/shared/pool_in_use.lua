-- Whether a pool is in use: it has numbers, or gets or gives some back, or has sessions that are
-- open or cooling.
-- keys: numbers due cooling purchases buying releasing

local function is_in_use()
  return redis.call("HLEN", keys.numbers) > 0 or redis.call("HLEN", keys.releasing) > 0
    or redis.call("HLEN", keys.buying) > 0 or redis.call("ZCARD", keys.purchases) > 0
    or redis.call("ZCARD", keys.due) > 0 or redis.call("ZCARD", keys.cooling) > 0
end
