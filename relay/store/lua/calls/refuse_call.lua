-- refuse_call: takes back a call that was to be connected, since the process does not trust what
-- the store says of it (P9). It leaves what any refused call leaves: that it was decided on.
-- keys: call=call(call_sid) tries=tries(call_sid) leases due sessions interactions
-- args: now:number call_sid
-- uses: session leases due_again deciding
--
-- No code is taken of it any more, either. Safe to run twice. Answers 1, or 0 when there is no such
-- call.
note_decided()
local known = redis.call("HMGET", keys.call, "session", "started_at")
local session_id, started_at = known[1], known[2] or ""
if not session_id then
  return 0
end
end_lease(keys.leases, session_id, args.call_sid, args.now, make_due_again)
redis.call("ZREM", keys.interactions, table.concat({ session_id, started_at, args.call_sid }, "\t"))
redis.call("DEL", keys.call, keys.tries)
return 1
