-- forget_in_texts: takes somebody's sealed phone out of texts that are on their way to them; none
-- of those can be sent any more then.
-- keys: sessions messages=message(ids*) bodies=body(ids*)
-- args: role ref ids:list
-- uses: session body
--
-- Leaves open sessions alone: they are of somebody who has come back under the same ref. Safe to
-- run twice. Answers how many texts were changed.

local function is_to_them(message_key)
  local id, side = unpack(redis.call("HMGET", message_key, "session", "side"))
  local record = id and side == args.role and redis.call("HGET", keys.sessions, id)
  local session = record and read_session(record)
  return session and session[args.role] == args.ref and session.status == "closed"
end

local forgotten = 0
for position, body_key in ipairs(keys.bodies) do
  local body = redis.call("GET", body_key)
  if body and is_to_them(keys.messages[position]) then
    redis.call("SET", body_key, pack_body(read_body(body).text, ""), "KEEPTTL")
    forgotten = forgotten + 1
  end
end
return forgotten
