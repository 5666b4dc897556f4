-- Lanes: what waits to be sent from one number to one phone, in the order of acceptance. An entry
-- of `lanes` is lane, order, message id, parted by tabs; a lane is number:index. One send at a time
-- holds the lane, by a token and a lease that ends by itself.

local function lane_entry_of(lane, order, id)
  return table.concat({ lane, string.format("%012d", order), id }, "\t")
end

local function lane_of(entry)
  return string.match(entry, "^([^\t]*)\t")
end

-- The entry and the message id that are first in a lane, or nil.
local function first_in(lanes_key, lane)
  local first = redis.call("ZRANGEBYLEX", lanes_key,
    "[" .. lane .. "\t", "(" .. lane .. "\n", "LIMIT", 0, 1)[1]
  if not first then
    return nil
  end
  return first, string.match(first, "\t([^\t]*)$")
end

-- Who holds a lane and until when; both nil when nobody does.
local function holder_of(sending_key, lane, now)
  local held = redis.call("HGET", sending_key, lane)
  if not held then
    return nil
  end
  local token, till = string.match(held, "^(%S+) (%S+)$")
  if tonumber(till) <= now then
    return nil
  end
  return token, till
end

local function hold(sending_key, lane, token, till)
  redis.call("HSET", sending_key, lane, token .. " " .. till)
end

-- Does nothing to a lane that another token holds.
local function let_go(sending_key, lane, token)
  local held = redis.call("HGET", sending_key, lane)
  if held and string.match(held, "^(%S+) ") == token then
    redis.call("HDEL", sending_key, lane)
  end
end
