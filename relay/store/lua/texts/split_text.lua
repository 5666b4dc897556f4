-- split_text: a text that its code prefix makes too long becomes two, the second right behind the
-- first in their lane.
-- keys: message=message(id) body=body(id) second=message(second_id) second_body=body(second_id)
--    sessions outbox lanes sending
-- args: now:number id token first_text second_id second_text look_again:number
--    taking_back_texts:list
-- uses: session message lanes taken_back keeping_bodies unsent listing
--
-- The texts are sealed. The attempt on record is withdrawn: it was not made, and either part gets
-- its own. The parts have one order, and the second's id is the one that sorts after the other;
-- pictures are the first one's. Nothing is copied of a text that was taken back: it will not be
-- sent. An erasure covers second parts, too, even those not written yet. Safe to run twice.
-- Answers 1, or 0 when the token no longer counts.

local function add_second_part(message, lane)
  local entry = lane_entry_of(lane, message.order, args.second_id)
  redis.call("HSET", keys.second, "session", message.session, "side", message.side,
    "kind", message.kind, "status", "received", "rank", "0", "started_at", message.started_at,
    "number", message.number, "index", message.index,
    "inbound_sid", redis.call("HGET", keys.message, "inbound_sid"), "media", 0,
    "order", message.order, "lane_entry", entry, "code", message.code, "context", message.context,
    "part", "2", "expires_at", message.expires_at)
  redis.call("PEXPIRE", keys.second, redis.call("PTTL", keys.message))
  redis.call("ZADD", keys.lanes, 0, entry)
  list_interaction(keys, message.session, whole(tonumber(message.started_at)), args.second_id)
end

local function split_body()
  local left = math.max(redis.call("PTTL", keys.body), 1)
  local till = forget_body(keys.body, args.id) or args.now + left / 1000
  redis.call("SET", keys.second_body, args.second_text, "PX", left)
  redis.call("SET", keys.body, args.first_text, "KEEPTTL")
  note_body(args.second_id, args.second_text, till)
  note_body(args.id, args.first_text, till)
end

local message = read_message(keys.message)
if not message or message.lane_entry == "" or message.attempt ~= args.token then
  return 0
elseif message.part ~= "" then
  return 1
end
local lane = lane_of(message.lane_entry)
if message.outcome_unknown ~= "1" or holder_of(keys.sending, lane, args.now) ~= args.token then
  return 0
end
local record = redis.call("HGET", keys.sessions, message.session)
if not record or is_closed_for(read_session(record), args.taking_back_texts)
  or redis.call("EXISTS", keys.body) == 0
then
  return 0
end

add_second_part(message, lane)
split_body()
redis.call("HSET", keys.message, "part", "1", "outcome_unknown", "")
local again_at = args.now + args.look_again
redis.call("ZADD", keys.outbox, again_at, args.id, again_at, args.second_id)
note_unsent(args.second_id, redis.call("ZSCORE", keys.unsent, args.id) or args.now)
let_go(keys.sending, lane, args.token)
return 1
