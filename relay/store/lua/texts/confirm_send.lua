-- confirm_send: the carrier has the text, as `sid`. It leaves its lane, and the next may go.
-- keys: message=message(id) sending carried=carried(sid) unreported
-- args: now:number id token sid status rank:number segments:number retention:number
--    ask_at:number
-- uses: message lanes leaving_lane charging_texts
--
-- Safe to run twice, and after the status report that proved the same thing. A sid is on record
-- whatever else is true, so that no other message can take it for its own. How the text ended is
-- asked at `ask_at`, unless a report has told it by then.
-- Answers the id of the message that is first in the lane now, or "".
redis.call("SET", keys.carried, args.id, "EX", args.retention)
local message = read_message(keys.message)
if not message then
  return ""
end
note_sid(keys.message, args.sid)
charge_owed(args.segments)
if message.carrier_sid == args.sid then
  redis.call("HSET", keys.message, "segments", args.segments)
end
if message.lane_entry == "" then
  return pass_on(keys, args, message.number .. ":" .. message.index, args.token)
end
local lane = lane_of(message.lane_entry)
if not may_settle(message, holder_of(keys.sending, lane, args.now), args.token) then
  return ""
end
redis.call("HSET", keys.message, "carrier_sid", args.sid, "segments", args.segments,
  "status", args.status, "rank", args.rank, "next_at", "", "error_code", "")
redis.call("ZADD", keys.unreported, args.ask_at, args.id)
leave(keys, args, message.lane_entry)
return pass_on(keys, args, lane, args.token)
