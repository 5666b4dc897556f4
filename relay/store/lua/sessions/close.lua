-- close: closes one session at once; its bindings cool from now.
-- keys: recruiter_sessions=sessions_of("recruiter" recruiter_ref)
--       candidate_sessions=sessions_of("candidate" candidate_ref)
-- args: now:number id recruiter_ref candidate_ref reason revokes:flag
-- uses: closing
--
-- Safe to run twice: a closed session stays as it was closed first. A session past its expiry
-- closes as expired, whatever was asked.
-- Answers the record after it, or false when there is no such session.
local record = redis.call("HGET", keys.sessions, args.id)
if not record then
  return false
end
local session = read_session(record)
if session.status == "open" then
  local sides = { recruiter = keys.recruiter_sessions, candidate = keys.candidate_sessions }
  close_sessions(keys, { closing_of(args.id, session, sides, args.reason, args.now) }, args.revokes)
end
return pack_session(session)
