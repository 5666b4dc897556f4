-- What became of a text says whether texts reach its receiver's phone.
-- keys: sessions reach
-- args: now:number reach taking_back_notices:list
-- uses: session taken_back

-- reach: "ok", "landline" or "unreachable", or "" when the outcome says nothing. An entry counts
-- while its index is one of the person's, so that a new phone begins anew, and what is heard of a
-- former phone after that takes nobody's place. Nothing is kept of somebody who was erased.
local function is_of_present_phone(args, message, session)
  return session.status == "open" and tonumber(session.expires_at) > args.now
    and session[message.side .. "_index"] == message.index
end

local function note_reach(keys, args, message)
  local record = args.reach ~= "" and redis.call("HGET", keys.sessions, message.session)
  local session = record and read_session(record)
  if not session or is_closed_for(session, args.taking_back_notices) then
    return
  end
  local field = message.side .. ":" .. session[message.side]
  local known = redis.call("HGET", keys.reach, field)
  local is_same_phone = known and string.match(known, " (.*)$") == message.index
  if args.reach == "ok" then
    if is_same_phone then
      redis.call("HDEL", keys.reach, field)
    end
  elseif not known or is_same_phone or is_of_present_phone(args, message, session) then
    redis.call("HSET", keys.reach, field, args.reach .. " " .. message.index)
  end
end
