-- begin_send: asks for the turn of a message in its lane.
-- keys: message=message(id) body=body(id) outbox lanes counters sending sessions restored
--    phone=phone(index) ahead=message(ahead_id)
-- args: now:number id token lease:number index ahead_id taking_back_texts:list
--    taking_back_notices:list
-- uses: session message lanes code_prefix taken_back unsent
--
-- Who gets the turn holds the lane by a lease, so that one text at a time goes to one phone, in
-- order. token is of this execution, and becomes the attempt's id; index is of the receiver's
-- phone, and ahead_id is first in the lane, as far as the caller knows; lease is in seconds, longer
-- than the carrier's request can take.
--
-- What is first in its lane, and not on record any more, keeps nobody waiting.
--
-- A receiver whose phone or number has changed since gets what has not been attempted by the new
-- ones, and a recruiter who shares the number with themselves by then is told which session it is
-- of. Nothing goes to a phone that is not bound to this pair on this number any more: an answer
-- would go to somebody else (P1). Safe to run twice with one token.
--
-- After a restore (docs/backup.md), what was made before it may have reached the carrier in the
-- time that the store has lost, and a notice made soon after it, too: it is looked for first.
--
-- Answers {"done"}, {"behind", id of the first in the lane}, {"wait", until}, {"look", index,
-- ahead_id} when it has to be given these, or {state, until, body, fields of the message…} where
-- state is
--   send       the attempt `token` is on record: make it,
--   unsettled  an earlier attempt's outcome is unknown: find out, then confirm or postpone,
--   revoked    the session was taken back, or its binding has gone: give the message up.

-- Seconds after a restore in which a cause may be found again that somebody was told of before it.
local NOTICES_DOUBTED_FOR = 86400

local function follow_receiver(message, session)
  local index = session[message.side .. "_index"]
  if index == message.index and session.number == message.number then
    return
  end
  local entry = lane_entry_of(session.number .. ":" .. index, message.order, args.id)
  redis.call("ZREM", keys.lanes, message.lane_entry)
  redis.call("ZADD", keys.lanes, 0, entry)
  redis.call("HSET", keys.message, "number", session.number, "index", index, "lane_entry", entry)
  message.number, message.index, message.lane_entry = session.number, index, entry
  if message.code ~= "" then
    -- The code of the number that it leaves would be refused on this one.
    message.code = session.code
    redis.call("HSET", keys.message, "code", session.code)
  end
end

-- A notice that has counted for long enough goes into its lane.
local function enter_lane(message)
  message.order = whole(redis.call("HINCRBY", keys.counters, "text_order", 1))
  message.lane_entry = lane_entry_of(message.number .. ":" .. message.index, message.order, args.id)
  redis.call("ZADD", keys.lanes, 0, message.lane_entry)
  redis.call("HSET", keys.message, "order", message.order, "lane_entry", message.lane_entry,
    "enters_at", "")
end

local function wait_until(at)
  redis.call("ZADD", keys.outbox, at, args.id)
  return { "wait", at }
end

-- The answer when another is first in the lane; nil when none is.
local function why_behind(message, lane)
  local first, first_id = first_in(keys.lanes, lane)
  if first == message.lane_entry then
    return nil
  elseif first_id ~= args.ahead_id then
    return { "look", message.index, first_id }
  elseif redis.call("EXISTS", keys.ahead) == 0 then
    redis.call("ZREM", keys.lanes, first)
    redis.call("ZREM", keys.outbox, first_id)
    note_sent(first_id)
    return why_behind(message, lane)
  end
  -- Whoever is first wakes it; the sweeper need not look before that.
  local score = redis.call("ZSCORE", keys.outbox, first_id)
  redis.call("ZADD", keys.outbox, math.max(tonumber(score or args.now), args.now) + 1, args.id)
  return { "behind", first_id }
end

-- The answer when it is not the message's turn yet; nil when it is.
local function why_wait(message, lane)
  local behind = why_behind(message, lane)
  if behind then
    return behind
  end
  local holder, held_until = holder_of(keys.sending, lane, args.now)
  if holder and holder ~= args.token then
    return wait_until(held_until)
  elseif message.next_at ~= "" and tonumber(message.next_at) > args.now then
    return wait_until(message.next_at)
  end
  return nil
end

local function is_taken_back(message, session)
  return is_closed_for(session, args.taking_back_notices)
    or message.kind == "message" and is_closed_for(session, args.taking_back_texts)
end

-- The session by which the receiver still has this phone on this number: the message's own, or
-- another one of the same two; nil when there is none.
local function find_bound(message, session)
  local index = message.side .. "_index"
  if not session or session[index] ~= message.index then
    return nil
  end
  local held = redis.call("HGET", keys.phone, message.number) or ""
  if string.find(" " .. held .. " ", " " .. message.session .. " ", 1, true) then
    return session
  end
  for id in string.gmatch(held, "[^ ]+") do
    local record = redis.call("HGET", keys.sessions, id)
    local other = record and read_session(record)
    if other and other.recruiter == session.recruiter and other.candidate == session.candidate
      and other[index] == message.index and not is_taken_back(message, other)
    then
      return other
    end
  end
  return nil
end

-- A message that has a code prefix keeps it: an attempt may have been made with it.
local function take_code_prefix(message, bound)
  if message.code == "" and message.one_of_several == "" then
    message.code, message.context = code_prefix_for(message.side, bound)
    redis.call("HSET", keys.message, "code", message.code, "context", message.context)
  end
end

local function begin_attempt(message)
  message.attempt, message.attempted_at = args.token, string.format("%.3f", args.now)
  message.attempts = whole(redis.call("HINCRBY", keys.message, "attempts", 1))
  redis.call("HSET", keys.message, "attempt", message.attempt, "attempted_at", message.attempted_at,
    "outcome_unknown", "1")
end

-- Once for each restore. Returns whether it is in doubt now.
local function is_in_doubt(message)
  local restored = redis.call("GET", keys.restored)
  if not restored or redis.call("HGET", keys.message, "doubted") == restored then
    return false
  end
  local snapshot_at, ended_at = string.match(restored, "^(%S+) (%S+)$")
  local doubted_for = message.kind == "notice" and NOTICES_DOUBTED_FOR or 0
  return tonumber(message.started_at) <= tonumber(ended_at) + doubted_for, restored, snapshot_at
end

local function doubt(message, restored, snapshot_at)
  message.attempt, message.attempted_at, message.outcome_unknown = "restored", snapshot_at, "1"
  redis.call("HSET", keys.message, "doubted", restored, "attempt", message.attempt,
    "attempted_at", snapshot_at, "outcome_unknown", "1")
end

-- What may be done with the message, whose turn it is.
local function take_turn(message, session)
  local bound = find_bound(message, session)
  local in_doubt, restored, snapshot_at = is_in_doubt(message)
  if in_doubt and message.outcome_unknown ~= "1" then
    doubt(message, restored, snapshot_at)
  end
  if message.outcome_unknown == "1" and message.attempt ~= args.token then
    return "unsettled"
  elseif not bound or is_taken_back(message, session) then
    return "revoked"
  elseif message.attempt ~= args.token then
    take_code_prefix(message, bound)
    begin_attempt(message)
  end
  return "send"
end

local message = read_message(keys.message)
if message and message.enters_at ~= "" then
  if tonumber(message.enters_at) > args.now then
    return wait_until(message.enters_at)
  end
  enter_lane(message)
end
if not message or message.lane_entry == "" then
  redis.call("ZREM", keys.outbox, args.id)
  note_sent(args.id)
  return { "done" }
end
local record = redis.call("HGET", keys.sessions, message.session)
local session = record and read_session(record)
if session and session.status == "open" and message.outcome_unknown ~= "1" then
  follow_receiver(message, session)
end

local lane = lane_of(message.lane_entry)
local wait = why_wait(message, lane)
if wait then
  return wait
elseif message.index ~= args.index then
  return { "look", message.index, args.ahead_id }
end

local state = take_turn(message, session)
local till = string.format("%.3f", args.now + args.lease)
hold(keys.sending, lane, args.token, till)
redis.call("ZADD", keys.outbox, till, args.id)
local answer = { state, till, redis.call("GET", keys.body) or "" }
for _, field in ipairs(MESSAGE_FIELDS) do
  answer[#answer + 1] = message[field]
end
return answer
