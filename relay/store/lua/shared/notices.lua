-- Notices: texts of ours to a participant. A notice's id is its cause's id and its kind, so that
-- it can exist once only. It holds no text: that is written in the receiver's language when it is
-- sent. Needs shared/lanes.lua.

-- What a body key holds: the sealed text, and its receiver's sealed phone.
local function pack_body(text, receiver_sealed)
  return text .. "\t" .. receiver_sealed
end

local function read_body(body)
  local text, receiver_sealed = string.match(body, "^([^\t]*)\t(.*)$")
  return { text = text, receiver_sealed = receiver_sealed }
end

-- What tells a recruiter of several sessions on a number which one a text belongs to: its code and
-- context, both "" where nobody needs that. It is told to the phone of that side, and no other.
local function heading_for(side, session)
  if side == "recruiter" and session.code_needed == "1" then
    return session.code, session.context
  end
  return "", ""
end

-- keys: pool, lanes, outbox, notice (hash), notice_body. to: session id, side, number, index,
-- sealed ("" where the session has ended, and holds no phone: who sends it finds the one on record),
-- locale, one_of_several ("1": nothing says that it is about this session, so no heading does).
-- lives: record and body, in seconds. True when there is a new notice.
local function add_notice(keys, id, kind, to, now, look_again, lives)
  if redis.call("EXISTS", keys.notice) == 1 then
    return false
  end
  local order = redis.call("HINCRBY", keys.counters, "text_order", 1)
  local place = place_of(to.number .. ":" .. to.index, order, id)
  redis.call("HSET", keys.notice, "session", to.session, "side", to.side, "kind", "notice",
    "notice", kind, "status", "received", "rank", "0", "started_at", string.format("%.3f", now),
    "number", to.number, "index", to.index, "locale", to.locale, "order", order, "place", place,
    "one_of_several", to.one_of_several or "")
  redis.call("EXPIRE", keys.notice, lives.record)
  if to.sealed ~= "" then
    redis.call("SET", keys.notice_body, pack_body("", to.sealed), "EX", lives.body)
  end
  redis.call("ZADD", keys.lanes, 0, place)
  redis.call("ZADD", keys.outbox, now + look_again, id)
  return true
end

-- Tells the sender of a message what became of it, at the phone and by the number that its session
-- has, or had last; nobody when somebody was erased, or about a notice.
-- message: fields of its hash.
local function tell_sender(keys, id, kind, message, record, now, look_again, lives)
  if message.kind ~= "message" or kind == "" then
    return false
  end
  local session = record and read_session(record)
  if not session or session.closed_reason == "erased" then
    return false
  end
  local side = message.side == "recruiter" and "candidate" or "recruiter"
  return add_notice(keys, id, kind, {
    session = message.session, side = side, number = session.number,
    index = session[side .. "_index"], sealed = session[side .. "_sealed"],
    locale = session[side .. "_locale"],
  }, now, look_again, lives)
end
