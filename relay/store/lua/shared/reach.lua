-- What became of a text says whether texts reach its receiver's phone.
-- keys: sessions reach
-- args: reach taking_back_notices:list
-- uses: session taken_back

-- reach: "ok", "landline" or "unreachable", or "" when the outcome says nothing. An entry counts
-- while its index is one of the person's, so that a new phone begins anew. Nothing is kept of
-- somebody who was erased.
local function note_reach(keys, args, message)
  local record = args.reach ~= "" and redis.call("HGET", keys.sessions, message.session)
  local session = record and read_session(record)
  if not session or is_closed_for(session, args.taking_back_notices) then
    return
  end
  local field = message.side .. ":" .. session[message.side]
  if args.reach == "landline" or args.reach == "unreachable" then
    redis.call("HSET", keys.reach, field, args.reach .. " " .. message.index)
  elseif args.reach == "ok" then
    local known = redis.call("HGET", keys.reach, field)
    if known and string.match(known, " (.*)$") == message.index then
      redis.call("HDEL", keys.reach, field)
    end
  end
end
