-- record_message_status: moves a text forwards by the carrier's report, whatever order reports
-- come in.
-- keys: message=message(id) body=body(id) outbox lanes carried=carried(sid) unreported
--    traffic=traffic(number) told=message(told_ids*)
-- args: now:number id attempt sid number status rank:number error_code? is_final:flag
--    is_delivered:flag send_again_at?:number is_one_more:flag ask_at:number counts_as charged_as
--    record_life:number told_ids:list ends_as
-- uses: message lanes leaving_lane telling_sender traffic reach one_more unready charging_texts
--    keeping_bodies outcomes
--
-- attempt is the one that the report was addressed to; number is the virtual one it went out from.
-- Only a status of higher rank replaces what is known. send_again_at is in seconds, or nil when a
-- failure is final; counts_as is "sent", "filtered", or "" while it counts for nothing; charged_as
-- is a unit of the price list, or "". told_ids are of the notices by which the sender is told
-- that texts do not reach the receiver. ends_as is "<status>:<why>".
--
-- A report to an attempt proves that the attempt reached the carrier: an unsettled one is settled
-- by it, and asked about at `ask_at` unless it has ended by then. That any attempt of ours has
-- arrived ends all others. Safe to run twice. Answers {outcome, first in the lane or "", 1 when
-- there is a new notice}; outcome is unknown, stale (of an earlier attempt), late, or recorded.

-- Takes the message out of its lane if it still waits there. Answers who is first there then, or
-- "".
local function settle(message)
  if message.lane_entry == "" then
    return ""
  end
  redis.call("HSET", keys.message, "carrier_sid", args.sid, "next_at", "")
  redis.call("ZADD", keys.unreported, args.ask_at, args.id)
  leave(keys, args, message.lane_entry)
  return pass_on(keys, args, lane_of(message.lane_entry), args.attempt)
end

local function count(message)
  local counts = { texts = 1, filtered = args.counts_as == "filtered" and 1 or 0 }
  local before = redis.call("HGET", keys.message, "counted")
  redis.call("HSET", keys.message, "counted",
    count_traffic(keys.traffic, tonumber(message.started_at), args.now, before, counts))
end

local ENDED = { delivered = true, undelivered = true, failed = true }
-- Seconds after which a text that was passed on has arrived, or is not told of any more.
local REPORTED_WITHIN = 3600

-- In the old order, so that it goes before what was written after it.
local function send_again(message)
  local entry = lane_entry_of(message.number .. ":" .. message.index, message.order, args.id)
  redis.call("HSET", keys.message, "status", "queued", "rank", "0", "attempt", "",
    "lane_entry", entry, "next_at", args.send_again_at, "carrier_sid", "")
  note_one_more(keys, args)
  redis.call("ZADD", keys.lanes, 0, entry)
  redis.call("ZADD", keys.outbox, args.send_again_at, args.id)
  note_unsent(args.id, args.send_again_at)
  redis.call("ZREM", keys.unreported, args.id)
end

local function note_error()
  if args.error_code then
    redis.call("HSET", keys.message, "error_code", args.error_code)
  else
    redis.call("HDEL", keys.message, "error_code")
  end
end

-- What does not arrive after this is told of again, by a notice of the same id: while a report of
-- the one before it may come, that stays.
local function forget_what_was_told()
  for _, key in ipairs(keys.told) do
    local status, attempted_at = unpack(redis.call("HMGET", key, "status", "attempted_at"))
    local is_old = tonumber(attempted_at or "0") < args.now - REPORTED_WITHIN
    if ENDED[status] or status == "sent" and is_old then
      redis.call("DEL", key)
    end
  end
end

-- Nothing more is expected of it. True when there is a new notice.
local function finish(message)
  if not ENDED[message.status] then
    count_outcome(message.kind .. ":" .. args.ends_as)
  end
  drop_body(keys.body, args.id)
  redis.call("ZREM", keys.unreported, args.id)
  if message.attempt == args.attempt then  -- an earlier one went to another phone, perhaps
    note_reach(keys, args, message)
  end
  if args.is_delivered then
    redis.call("HSET", keys.message, "delivered_at", string.format("%d", args.now))
    note_arrival(keys, message)
    forget_what_was_told()
  end
  return tell_sender(keys, args, message)
end

local message = read_message(keys.message)
if not message then
  return { "unknown", "", 0 }
end
redis.call("SET", keys.carried, args.id, "EX", args.record_life)
note_sid(keys.message, args.sid)
charge_text(args.sid, args.charged_as)
if message.attempt ~= args.attempt and not args.is_delivered then
  return { "stale", "", 0 }
end
local next_id = settle(message)
if args.rank <= tonumber(message.rank) then
  return { "late", next_id, 0 }
end

redis.call("HSET", keys.message, "status", args.status, "rank", args.rank)
note_error()
if args.counts_as ~= "" then
  count(message)
end
note_number_trouble(keys, args)
local can_go_again = message.kind == "notice" or redis.call("EXISTS", keys.body) == 1
if args.send_again_at and can_go_again then
  send_again(message)
  return { "recorded", next_id, 0 }
end
return { "recorded", next_id, args.is_final and finish(message) and 1 or 0 }
