-- split_text: a text that its heading makes too long becomes two, the second right behind the first
-- in their lane. The attempt on record is withdrawn: it was not made, and either part gets its own.
-- uses: session, message, lanes, notices
--
-- The parts have one order, and the second's id is the one that sorts after the other; pictures are
-- the first one's. Nothing is copied of a text whose session is erased; who erases somebody with
-- ended sessions takes their phone out of second parts, too, whether they are there yet or not.
-- Safe to run twice. Answers 1, or 0 when the token no longer counts.
local keys = {
  message = KEYS[1],       -- hash
  body = KEYS[2],          -- string
  second = KEYS[3],        -- hash
  second_body = KEYS[4],   -- string
  sessions = KEYS[5],      -- hash
  interactions = KEYS[6],  -- sorted set, lexical
  outbox = KEYS[7],        -- sorted set
  lanes = KEYS[8],         -- sorted set, lexical
  sending = KEYS[9],       -- hash
}
local id = ARGV[1]              -- message id
local token = ARGV[2]
local now = tonumber(ARGV[3])   -- seconds
local first_text = ARGV[4]      -- sealed
local second_id = ARGV[5]       -- message id of the second part
local second_text = ARGV[6]     -- sealed
local look_again = tonumber(ARGV[7])  -- seconds until the sweeper looks for them

local message = read_message(keys.message)
if not message or message.place == "" or message.attempt ~= token then
  return 0
elseif message.part ~= "" then
  return 1
end
local lane = lane_of(message.place)
if message.open ~= "1" or holder_of(keys.sending, lane, now) ~= token then
  return 0
end
local record = redis.call("HGET", keys.sessions, message.session)
local body = redis.call("GET", keys.body)
if not record or read_session(record).closed_reason == "erased" or not body then
  return 0
end

local inbound_sid = redis.call("HGET", keys.message, "inbound_sid")
local second_place = place_of(lane, message.order, second_id)
redis.call("HSET", keys.second, "session", message.session, "side", message.side,
  "kind", message.kind, "status", "received", "rank", "0", "started_at", message.started_at,
  "number", message.number, "index", message.index, "inbound_sid", inbound_sid, "media", 0,
  "order", message.order, "place", second_place, "code", message.code, "context", message.context,
  "part", "2")
redis.call("PEXPIRE", keys.second, redis.call("PTTL", keys.message))
redis.call("HSET", keys.message, "part", "1", "open", "")

local held = read_body(body)
redis.call("SET", keys.second_body,
  pack_body(second_text, held.receiver_sealed),
  "PX", math.max(redis.call("PTTL", keys.body), 1))
redis.call("SET", keys.body,
  pack_body(first_text, held.receiver_sealed), "KEEPTTL")

redis.call("ZADD", keys.lanes, 0, second_place)
redis.call("ZADD", keys.interactions, 0,
  table.concat({ message.session, whole(tonumber(message.started_at)), second_id }, "\t"))
redis.call("ZADD", keys.outbox, now + look_again, id, now + look_again, second_id)
redis.call("HDEL", keys.sending, lane)
return 1
