-- A message's or notice's hash (relay/store/outbox.py reads the same fields).
local MESSAGE_FIELDS = {
  "session", "side", "kind", "notice", "number", "index", "locale", "status", "rank",
  "started_at", "order", "lane_entry", "attempts", "attempt", "outcome_unknown", "attempted_at",
  "next_at", "carrier_sid", "had_one_more", "code", "context", "part", "one_of_several",
  "expires_at", "enters_at", "count",
}

-- The fields as a table, "" for what is not set; nil when there is no such message.
local function read_message(message_key)
  local values = redis.call("HMGET", message_key, unpack(MESSAGE_FIELDS))
  if not values[1] then
    return nil
  end
  local message = {}
  for position, field in ipairs(MESSAGE_FIELDS) do
    message[field] = values[position] or ""
  end
  return message
end

-- Every sid that the carrier has given a message, parted by spaces: its own records hold real
-- numbers, and are deleted by them.
local function note_sid(message_key, sid)
  local known = redis.call("HGET", message_key, "sids") or ""
  if not string.find(" " .. known .. " ", " " .. sid .. " ", 1, true) then
    redis.call("HSET", message_key, "sids", known == "" and sid or known .. " " .. sid)
  end
end

-- Whether this token may say how the attempt ended: it made it, or holds the lane to find out.
local function may_settle(message, holder, token)
  return message.lane_entry ~= ""
    and (holder == token or (message.outcome_unknown == "1" and message.attempt == token))
end
