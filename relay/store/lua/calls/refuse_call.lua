-- refuse_call: takes back a call that was to be connected, since the process does not trust what
-- the store says of it (P9). It leaves what any refused call leaves: that it was decided on.
-- keys: call=call(call_sid) tries=tries(call_sid) leases due sessions
-- args: now:number call_sid
-- uses: session leases due_again deciding unended limits listing
--
-- No code is taken of it any more, either. A call that was on record before stays so: it may be
-- going on. Safe to run twice.
note_decided()
local known = redis.call("HMGET", keys.call, "session", "started_at", "side", "minutes")
local session_id, started_at, side, minutes = known[1], known[2], known[3], known[4]
if started_at == whole(args.now) then
  note_ended(keys, session_id, args.call_sid)
  end_lease(keys.leases, session_id, args.call_sid, args.now, make_due_again)
  recount_call(session_id, side, started_at, { calls = -1, minutes = -minutes })
  local by_session, by_start = lines_of(session_id, started_at, args.call_sid)
  redis.call("ZREM", keys.interactions, by_session)
  redis.call("ZREM", keys.timeline, by_start)
  redis.call("DEL", keys.call, keys.tries)
end
