-- fail_send: gives a message up. Its body goes, its sender is told, and the next may go.
-- keys: message=message(id) body=body(id) sending traffic=traffic(number)
-- args: now:number id token number error_code rank:number is_filtered:flag ends_as
-- uses: message lanes leaving_lane telling_sender traffic reach unready keeping_bodies outcomes
--
-- number is the virtual one it was to go out from; rank is that of "failed"; ends_as is
-- "failed:<why>".
-- Safe to run twice. Answers {1 or 0 when the token no longer counts, first in the lane or "",
-- 1 when there is a new notice}.
local message = read_message(keys.message)
if not message or message.lane_entry == "" then
  return { 0, "", 0 }
end
local lane = lane_of(message.lane_entry)
if not may_settle(message, holder_of(keys.sending, lane, args.now), args.token) then
  return { 0, "", 0 }
end
redis.call("HSET", keys.message, "status", "failed", "rank", args.rank,
  "error_code", args.error_code, "next_at", "")
if args.is_filtered then
  redis.call("HSET", keys.message, "counted",
    count_traffic(keys.traffic, tonumber(message.started_at), args.now,
      redis.call("HGET", keys.message, "counted"), { texts = 1, filtered = 1 }))
end
note_reach(keys, args, message)
note_number_trouble(keys, args)
count_outcome(message.kind .. ":" .. args.ends_as)
drop_body(keys.body, args.id)
leave(keys, args, message.lane_entry)
local told = tell_sender(keys, args, message)
return { 1, pass_on(keys, args, lane, args.token), told and 1 or 0 }
