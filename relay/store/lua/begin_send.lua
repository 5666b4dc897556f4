-- begin_send: asks for the turn of a message in its lane. Who gets it holds the lane by a lease,
-- so that one text at a time goes to one phone, in order.
-- uses: session, message, lanes, notices
--
-- A receiver whose phone has changed since gets what has not been attempted at the new one. Safe
-- to run twice with one token.
--
-- Answers {"done"}, {"behind", id of the first in the lane}, {"wait", until}, or
-- {state, until, body, fields of the message…} where state is
--   send       the attempt `token` is on record: make it,
--   unsettled  an earlier attempt's outcome is unknown: find out, then confirm or postpone,
--   severed    the session was taken back: give the message up.
local keys = {
  message = KEYS[1],   -- hash
  body = KEYS[2],      -- string
  outbox = KEYS[3],    -- sorted set
  lanes = KEYS[4],     -- sorted set, lexical
  sending = KEYS[5],   -- hash
  sessions = KEYS[6],  -- hash
}
local id = ARGV[1]              -- message id
local token = ARGV[2]           -- of this execution; it becomes the attempt's id
local now = tonumber(ARGV[3])   -- seconds
local lease = tonumber(ARGV[4]) -- seconds, longer than the carrier's request can take

local message = read_message(keys.message)
if not message or message.place == "" then
  redis.call("ZREM", keys.outbox, id)
  return { "done" }
end
local record = redis.call("HGET", keys.sessions, message.session)
local session = record and read_session(record)

local function follow_receiver()
  local index, sealed = session[message.side .. "_index"], session[message.side .. "_sealed"]
  local body = redis.call("GET", keys.body)
  if index == message.index or not body then
    return
  end
  local place = place_of(message.number .. ":" .. index, message.order, id)
  redis.call("ZREM", keys.lanes, message.place)
  redis.call("ZADD", keys.lanes, 0, place)
  redis.call("HSET", keys.message, "index", index, "place", place)
  message.index, message.place = index, place
  local held = read_body(body)
  redis.call("SET", keys.body, pack_body(held.text, sealed, held.sender_sealed), "KEEPTTL")
end

if session and session.status == "open" and message.open ~= "1" then
  follow_receiver()
end

local lane = lane_of(message.place)
local head, head_id = head_of(keys.lanes, lane)
if head ~= message.place then
  -- Whoever is first wakes it; the sweeper need not look before that.
  local score = redis.call("ZSCORE", keys.outbox, head_id)
  redis.call("ZADD", keys.outbox, math.max(tonumber(score or now), now) + 1, id)
  return { "behind", head_id }
end
local holder, held_until = holder_of(keys.sending, lane, now)
if holder and holder ~= token then
  redis.call("ZADD", keys.outbox, held_until, id)
  return { "wait", held_until }
end
if message.next_at ~= "" and tonumber(message.next_at) > now then
  redis.call("ZADD", keys.outbox, message.next_at, id)
  return { "wait", message.next_at }
end

local function is_severed()
  if not session or session.closed_reason == "erased" then
    return true
  end
  return message.kind == "message"
    and (session.closed_reason == "blocked" or session.closed_reason == "suspended"
      or session.closed_reason == "taken_over")
end

local till = string.format("%.3f", now + lease)
local state = "send"
if message.open == "1" and message.attempt ~= token then
  state = "unsettled"
elseif is_severed() then
  state = "severed"
elseif message.attempt ~= token then
  message.attempt, message.attempted_at = token, string.format("%.3f", now)
  message.attempts = whole(redis.call("HINCRBY", keys.message, "attempts", 1))
  redis.call("HSET", keys.message, "attempt", token, "attempted_at", message.attempted_at, "open", "1")
end
hold(keys.sending, lane, token, till)
redis.call("ZADD", keys.outbox, till, id)
local answer = { state, till, redis.call("GET", keys.body) or "" }
for _, field in ipairs(MESSAGE_FIELDS) do
  answer[#answer + 1] = message[field]
end
return answer
