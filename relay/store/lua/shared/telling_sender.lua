-- The sender of a message is told what became of it, by a notice.
-- keys: sessions
-- args: taking_back_notices:list
-- uses: session gathering taken_back

-- They are told at the phone and by the number that their session has, or had last. Nobody is told
-- about a notice, without a notice_kind, or when the session was closed for a reason that takes
-- notices back. True when there is a new notice.
local function tell_sender(keys, args, message)
  if message.kind ~= "message" or args.notice_kind == "" then
    return false
  end
  local record = redis.call("HGET", keys.sessions, message.session)
  local session = record and read_session(record)
  if not session or is_closed_for(session, args.taking_back_notices) then
    return false
  end
  local side = message.side == "recruiter" and "candidate" or "recruiter"
  return tell(keys, args, {
    session = message.session, side = side, number = session.number,
    index = session[side .. "_index"], locale = session[side .. "_locale"],
  })
end
