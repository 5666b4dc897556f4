-- Bindings: for each phone a hash of virtual number → session, a bitmap of the ordinals it is
-- bound on, and its degree. The three change together, here.

-- Which of `count` keys from KEYS[first] on exists: a phone keeps the index it was first bound
-- under while index keys rotate. 0 when none does: the writing key's.
local function living(first, count)
  for offset = 0, count - 1 do
    if redis.call("EXISTS", KEYS[first + offset]) == 1 then
      return offset
    end
  end
  return 0
end

-- node: phone, used (keys), index. True when the binding is new to the phone.
local function bind(node, degrees_key, number, ordinal, id)
  local held = redis.call("HEXISTS", node.phone, number) == 1
  redis.call("HSET", node.phone, number, id)
  if not held then
    redis.call("SETBIT", node.used, ordinal, 1)
    redis.call("ZINCRBY", degrees_key, 1, node.index)
  end
  return not held
end

local function unbind(node, degrees_key, number, ordinal)
  redis.call("HDEL", node.phone, number)
  if tonumber(redis.call("ZINCRBY", degrees_key, -1, node.index)) <= 0 then
    redis.call("ZREM", degrees_key, node.index)
    redis.call("DEL", node.phone, node.used)
  else
    redis.call("SETBIT", node.used, ordinal, 0)
  end
end
