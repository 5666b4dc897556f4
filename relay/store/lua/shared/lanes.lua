-- Lanes: what waits to be sent from one number to one phone, in the order of acceptance. A
-- member of `lanes` is lane, order, message id, parted by tabs; a lane is number:index. One send
-- at a time holds the lane, by a token and a lease that ends by itself.

local function place_of(lane, order, id)
  return table.concat({ lane, string.format("%012d", order), id }, "\t")
end

local function lane_of(place)
  return string.match(place, "^([^\t]*)\t")
end

-- The place and the message id that are first in a lane, or nil.
local function head_of(lanes_key, lane)
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

-- Lets go of a lane if it is held by this token, and sees to whoever is first in it now: answers
-- that message's id, or "".
local function pass_on(keys, lane, token, now, look_again)
  local held = redis.call("HGET", keys.sending, lane)
  if held and string.match(held, "^(%S+) ") == token then
    redis.call("HDEL", keys.sending, lane)
  end
  local _, next_id = head_of(keys.lanes, lane)
  if not next_id then
    return ""
  end
  redis.call("ZADD", keys.outbox, now + look_again, next_id)
  return next_id
end

-- Takes a message out of its lane and the outbox: nothing is left to send.
local function leave(keys, id, place)
  redis.call("ZREM", keys.lanes, place)
  redis.call("ZREM", keys.outbox, id)
  redis.call("HSET", keys.message, "place", "", "open", "")
end
