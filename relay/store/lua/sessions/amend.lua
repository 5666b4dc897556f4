-- amend: changes an open session's expiry, channels or context.
-- keys: sessions due no_voice no_sms
--       recruiter=person("recruiter" recruiter_ref) candidate=person("candidate" candidate_ref)
-- args: now:number id recruiter_ref candidate_ref
--       expires_at? channels? changes_context:flag context
-- uses: session present_phones
--
-- expires_at: whole seconds; channels: "vs", "v", "s"; what is not given stays. Safe to run twice.
-- Answers {"amended" | "closed" | "incapable" | "again" | "unknown", record}; incapable: its number
-- cannot carry these channels; again: a phone has changed since the request began.
local record = redis.call("HGET", keys.sessions, args.id)
if not record then
  return { "unknown" }
end
local session = read_session(record)
if session.status ~= "open" or tonumber(session.expires_at) <= args.now then
  return { "closed", record }
end
if not has_present_phones(session, keys.recruiter, keys.candidate) then
  return { "again", record }
end
local function lacks(letter, bitmap)
  return args.channels and string.find(args.channels, letter, 1, true)
    and redis.call("GETBIT", bitmap, session.ordinal) == 1
end
if lacks("v", keys.no_voice) or lacks("s", keys.no_sms) then
  return { "incapable", record }
end
if args.expires_at then
  session.expires_at = args.expires_at
  redis.call("ZADD", keys.due, args.expires_at, args.id)
end
session.channels = args.channels or session.channels
if args.changes_context then
  session.context = args.context
end
record = pack_session(session)
redis.call("HSET", keys.sessions, args.id, record)
return { "amended", record }
