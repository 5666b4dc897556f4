-- confirm_send: the carrier has the text, as `sid`. It leaves its lane, and the next may go.
-- uses: message, lanes
--
-- Safe to run twice, and after the status report that proved the same thing. A sid is on record
-- whatever else is true, so that no other message can take it for its own.
-- Answers the id of the message that is first in the lane now, or "".
local keys = {
  message = KEYS[1],  -- hash
  outbox = KEYS[2],   -- sorted set
  lanes = KEYS[3],    -- sorted set, lexical
  sending = KEYS[4],  -- hash
  carried = KEYS[5],  -- string
}
local id = ARGV[1]               -- message id
local token = ARGV[2]
local now = tonumber(ARGV[3])    -- seconds
local sid = ARGV[4]              -- the carrier's
local status = ARGV[5]           -- ours, of the carrier's answer
local rank = ARGV[6]
local segments = ARGV[7]
local look_again = tonumber(ARGV[8])  -- seconds until the sweeper looks for the next
local retention = tonumber(ARGV[9])   -- seconds

redis.call("SET", keys.carried, id, "EX", retention)
local message = read_message(keys.message)
if not message then
  return ""
end
note_sid(keys.message, sid)
if message.carrier_sid == sid then
  redis.call("HSET", keys.message, "segments", segments)
end
if message.place == "" then
  return pass_on(keys, message.number .. ":" .. message.index, token, now, look_again)
end
local lane = lane_of(message.place)
if not may_settle(message, holder_of(keys.sending, lane, now), token) then
  return ""
end
redis.call("HSET", keys.message, "carrier_sid", sid, "segments", segments, "status", status,
  "rank", rank, "next_at", "", "error_code", "")
leave(keys, id, message.place)
return pass_on(keys, lane, token, now, look_again)
