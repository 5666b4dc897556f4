-- begin_send: asks for the turn of a message in its lane. Who gets it holds the lane by a lease,
-- so that one text at a time goes to one phone, in order.
-- uses: session, message, lanes, notices
--
-- A receiver whose phone or number has changed since gets what has not been attempted by the new
-- ones, and a recruiter who shares the number with themselves by then is told which session it is of.
-- Nothing goes to a phone that is not bound to this pair on this number any more: an answer
-- would go to somebody else (P1). Safe to run twice with one token.
--
-- Answers {"done"}, {"behind", id of the first in the lane}, {"wait", until}, {"phone", index}
-- when it was given another phone's bindings than the receiver's, or
-- {state, until, body, fields of the message…} where state is
--   send       the attempt `token` is on record: make it,
--   unsettled  an earlier attempt's outcome is unknown: find out, then confirm or postpone,
--   severed    the session was taken back, or its binding has gone: give the message up.
local keys = {
  message = KEYS[1],   -- hash
  body = KEYS[2],      -- string
  outbox = KEYS[3],    -- sorted set
  lanes = KEYS[4],     -- sorted set, lexical
  sending = KEYS[5],   -- hash
  sessions = KEYS[6],  -- hash
  phone = KEYS[7],     -- hash: bindings of the phone `index`
}
local id = ARGV[1]              -- message id
local token = ARGV[2]           -- of this execution; it becomes the attempt's id
local now = tonumber(ARGV[3])   -- seconds
local lease = tonumber(ARGV[4]) -- seconds, longer than the carrier's request can take
local phone_index = ARGV[5]     -- of the receiver, as far as the caller knows

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
  if (index == message.index and session.number == message.number) or not body then
    return
  end
  local place = place_of(session.number .. ":" .. index, message.order, id)
  redis.call("ZREM", keys.lanes, message.place)
  redis.call("ZADD", keys.lanes, 0, place)
  redis.call("HSET", keys.message, "number", session.number, "index", index, "place", place)
  message.number, message.index, message.place = session.number, index, place
  if message.code ~= "" then
    -- The code of the number that it leaves would be refused on this one.
    message.code = session.code
    redis.call("HSET", keys.message, "code", session.code)
  end
  redis.call("SET", keys.body, pack_body(read_body(body).text, sealed), "KEEPTTL")
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

if message.index ~= phone_index then
  return { "phone", message.index }
end

local function is_taken_back(ended)
  return ended.closed_reason == "erased"
    or message.kind == "message"
      and (ended.closed_reason == "blocked" or ended.closed_reason == "suspended"
        or ended.closed_reason == "taken_over")
end

-- The session by which the receiver still has this phone on this number: the message's own, or
-- another one of the same two; nil when there is none.
local function find_bound()
  local index = message.side .. "_index"
  if not session or session[index] ~= message.index then
    return nil
  end
  local held = redis.call("HGET", keys.phone, message.number) or ""
  if string.find(" " .. held .. " ", " " .. message.session .. " ", 1, true) then
    return session
  end
  for holder in string.gmatch(held, "[^ ]+") do
    local held_by = redis.call("HGET", keys.sessions, holder)
    local other = held_by and read_session(held_by)
    if other and other.recruiter == session.recruiter and other.candidate == session.candidate
      and other[index] == message.index and not is_taken_back(other)
    then
      return other
    end
  end
  return nil
end

-- What has a heading keeps it: an attempt may have been made with it.
local function take_heading(bound)
  if message.code == "" and message.one_of_several == "" then
    message.code, message.context = heading_for(message.side, bound)
    redis.call("HSET", keys.message, "code", message.code, "context", message.context)
  end
end

local till = string.format("%.3f", now + lease)
local state, bound = "send", find_bound()
if message.open == "1" and message.attempt ~= token then
  state = "unsettled"
elseif not bound or is_taken_back(session) then
  state = "severed"
elseif message.attempt ~= token then
  take_heading(bound)
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
