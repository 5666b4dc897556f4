-- postpone_send: the message stays first in its lane until later: it may be tried again, or its
-- attempt's outcome is not known yet.
-- keys: message=message(id) outbox sending
-- args: now:number id token next_at:number outcome_unknown:flag error_code number number_trouble
--    is_one_more:flag is_withdrawn:flag segments?:number
-- uses: message lanes one_more unready charging_texts
--
-- is_one_more: the next try is the one that some failures are worth.
-- is_withdrawn: the attempt was not made, and makes no later pause longer.
-- segments: what it costs, until the carrier says so. A report may have settled the attempt by now,
-- and says nothing of that. Safe to run twice. Answers 1, or 0 when the token no longer counts.
local message = read_message(keys.message)
if message and args.segments then
  redis.call("HSETNX", keys.message, "segments", args.segments)
  charge_owed(args.segments)
end
if not message or message.lane_entry == "" then
  return 0
end
local lane = lane_of(message.lane_entry)
if not may_settle(message, holder_of(keys.sending, lane, args.now), args.token) then
  return 0
end
redis.call("HSET", keys.message, "next_at", args.next_at,
  "outcome_unknown", args.outcome_unknown and "1" or "", "error_code", args.error_code)
if args.is_withdrawn then
  redis.call("HINCRBY", keys.message, "attempts", -1)
end
note_one_more(keys, args)
redis.call("ZADD", keys.outbox, args.next_at, args.id)
note_number_trouble(keys, args)
let_go(keys.sending, lane, args.token)
return 1
