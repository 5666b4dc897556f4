-- postpone_send: the message stays first in its lane until later: it may be tried again, or its
-- attempt's outcome is not known yet.
-- uses: message, lanes
--
-- Safe to run twice. Answers 1, or 0 when the token no longer counts.
local keys = {
  message = KEYS[1],  -- hash
  outbox = KEYS[2],   -- sorted set
  sending = KEYS[3],  -- hash
}
local id = ARGV[1]             -- message id
local token = ARGV[2]
local now = tonumber(ARGV[3])  -- seconds
local next_at = ARGV[4]        -- seconds
local is_open = ARGV[5]        -- "1" while the attempt's outcome is unknown, else ""
local error_code = ARGV[6]

local message = read_message(keys.message)
if not message or message.place == "" then
  return 0
end
local lane = lane_of(message.place)
if not may_settle(message, holder_of(keys.sending, lane, now), token) then
  return 0
end
redis.call("HSET", keys.message, "next_at", next_at, "open", is_open, "error_code", error_code)
redis.call("ZADD", keys.outbox, next_at, id)
local held = redis.call("HGET", keys.sending, lane)
if held and string.match(held, "^(%S+) ") == token then
  redis.call("HDEL", keys.sending, lane)
end
return 1
