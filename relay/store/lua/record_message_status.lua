-- record_message_status: moves a text forwards by the carrier's report, whatever order reports
-- come in.
-- uses: session, message, lanes, notices, traffic
--
-- A report to an attempt proves that the attempt reached the carrier: an unsettled one is settled
-- by it. Safe to run twice. Answers {outcome, first in the lane or "", 1 when there is a new
-- notice}; outcome is unknown, stale (of an earlier attempt), late, or recorded.
local keys = {
  message = KEYS[1],      -- hash
  body = KEYS[2],         -- string
  outbox = KEYS[3],       -- sorted set
  lanes = KEYS[4],        -- sorted set, lexical
  sending = KEYS[5],      -- hash
  sessions = KEYS[6],     -- hash
  counters = KEYS[7],         -- hash
  carried = KEYS[8],      -- string
  notice = KEYS[9],       -- hash
  notice_body = KEYS[10], -- string
  traffic = KEYS[11],     -- hash: of the number it went out from
}
local id = ARGV[1]              -- message id
local attempt = ARGV[2]         -- that the report was addressed to
local now = tonumber(ARGV[3])   -- seconds
local sid = ARGV[4]             -- the carrier's
local status = ARGV[5]          -- ours
local rank = tonumber(ARGV[6])  -- of the status: only a higher one replaces
local error_code = ARGV[7]      -- or ""
local is_final = ARGV[8] == "1"
local send_again_at = ARGV[9]   -- seconds, or "" when a failure is final
local notice_id = ARGV[10]
local notice_kind = ARGV[11]    -- of the notice to the sender, or ""
local look_again = tonumber(ARGV[12])  -- seconds until the sweeper looks
local lives = { record = tonumber(ARGV[13]), body = tonumber(ARGV[14]) }  -- seconds
local counts_as = ARGV[15]      -- "sent", "filtered", or "" while it counts for nothing

local message = read_message(keys.message)
if not message then
  return { "unknown", "", 0 }
end
redis.call("SET", keys.carried, id, "EX", lives.record)
note_sid(keys.message, sid)
if message.attempt ~= attempt then
  return { "stale", "", 0 }
end
local next_id = ""
if message.place ~= "" then
  local lane = lane_of(message.place)
  redis.call("HSET", keys.message, "carrier_sid", sid, "next_at", "")
  leave(keys, id, message.place)
  next_id = pass_on(keys, lane, attempt, now, look_again)
end
if rank <= tonumber(message.rank) then
  return { "late", next_id, 0 }
end
redis.call("HSET", keys.message, "status", status, "rank", rank)
if error_code ~= "" then
  redis.call("HSET", keys.message, "error_code", error_code)
end
if counts_as ~= "" then
  local counts = { texts = 1, filtered = counts_as == "filtered" and 1 or 0 }
  local before = redis.call("HGET", keys.message, "counted")
  redis.call("HSET", keys.message, "counted",
    count_traffic(keys.traffic, tonumber(message.started_at), now, before, counts))
end
if send_again_at ~= "" and (message.kind == "notice" or redis.call("EXISTS", keys.body) == 1) then
  -- In the old order, so that it goes before what was written after it.
  local place = place_of(message.number .. ":" .. message.index, message.order, id)
  redis.call("HSET", keys.message, "status", "queued", "rank", "0", "attempt", "", "place", place,
    "next_at", send_again_at, "redelivered", "1", "carrier_sid", "")
  redis.call("ZADD", keys.lanes, 0, place)
  redis.call("ZADD", keys.outbox, send_again_at, id)
  return { "recorded", next_id, 0 }
end
local told = false
if is_final then
  redis.call("DEL", keys.body)
  local record = redis.call("HGET", keys.sessions, message.session)
  told = tell_sender(keys, notice_id, notice_kind, message, record, now, look_again, lives)
end
return { "recorded", next_id, told and 1 or 0 }
