-- fail_send: gives a message up. Its body goes, its sender is told, and the next may go.
-- uses: session, message, lanes, notices, traffic
--
-- Safe to run twice. Answers {1 or 0 when the token no longer counts, first in the lane or "",
-- 1 when there is a new notice}.
local keys = {
  message = KEYS[1],      -- hash
  body = KEYS[2],         -- string
  outbox = KEYS[3],       -- sorted set
  lanes = KEYS[4],        -- sorted set, lexical
  sending = KEYS[5],      -- hash
  sessions = KEYS[6],     -- hash
  counters = KEYS[7],         -- hash
  notice = KEYS[8],       -- hash
  notice_body = KEYS[9],  -- string
  traffic = KEYS[10],     -- hash: of the number it was to go out from
}
local id = ARGV[1]             -- message id
local token = ARGV[2]
local now = tonumber(ARGV[3])  -- seconds
local error_code = ARGV[4]
local rank = ARGV[5]           -- of "failed"
local notice_id = ARGV[6]
local notice_kind = ARGV[7]    -- or "" to tell nobody
local look_again = tonumber(ARGV[8])  -- seconds until the sweeper looks for the next
local lives = { record = tonumber(ARGV[9]), body = tonumber(ARGV[10]) }  -- seconds
local is_filtered = ARGV[11] == "1"

local message = read_message(keys.message)
if not message or message.place == "" then
  return { 0, "", 0 }
end
local lane = lane_of(message.place)
if not may_settle(message, holder_of(keys.sending, lane, now), token) then
  return { 0, "", 0 }
end
local record = redis.call("HGET", keys.sessions, message.session)
redis.call("HSET", keys.message, "status", "failed", "rank", rank, "error_code", error_code,
  "next_at", "")
if is_filtered then
  redis.call("HSET", keys.message, "counted",
    count_traffic(keys.traffic, tonumber(message.started_at), now,
      redis.call("HGET", keys.message, "counted"), { texts = 1, filtered = 1 }))
end
redis.call("DEL", keys.body)
leave(keys, id, message.place)
local told = tell_sender(keys, notice_id, notice_kind, message, record, now, look_again, lives)
return { 1, pass_on(keys, lane, token, now, look_again), told and 1 or 0 }
