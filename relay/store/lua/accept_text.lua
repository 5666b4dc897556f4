-- accept_text: finds whom a text is for and takes it on: its record, its sealed body, its place in
-- the lane and its outbox entry in one step, so that an accepted text is certain to be sent (P4).
-- uses: session, finding, lanes, notices
--
-- A sender of several sessions there names one by its code in front; without it nobody gets the text
-- (P1).
--
-- A text from before the session (fetched late from the carrier's list) was not meant for it: its
-- sender is a stranger. A MessageSid is taken once, and refused once: then it gets its answer again.
-- A picture is not relayed, and its sender gets a notice; what was written with it is.
--
-- Answers {state} or {state, session id, sender's side, locale and index, one_of_several, code and
-- context}, where state is unknown_number, moving (the sender's phone change is between its steps:
-- ask again), stranger, several, closed, expired, no_sms, duplicate or accepted. one_of_several is
-- "1" where nothing says which of several sessions the text was for, else ""; code and context head
-- a refusal.
local keys = {
  numbers = KEYS[1],       -- hash
  sessions = KEYS[2],      -- hash
  message = KEYS[3],       -- hash
  body = KEYS[4],          -- string
  interactions = KEYS[5],  -- sorted set, lexical
  outbox = KEYS[6],        -- sorted set
  lanes = KEYS[7],         -- sorted set, lexical
  counters = KEYS[8],          -- hash
  notice = KEYS[9],        -- hash
  notice_body = KEYS[10],  -- string
  codes = KEYS[11],        -- hash
  refused = KEYS[12],      -- string
}
local FIRST_PHONE_KEY = 13        -- the sender's phone hashes
local now = tonumber(ARGV[1])     -- seconds
local number = ARGV[2]            -- virtual number
local id = ARGV[3]                -- message id
local inbound_sid = ARGV[4]       -- the carrier's MessageSid
local text = ARGV[5]              -- sealed, or "" when there is nothing but pictures
local media = tonumber(ARGV[6])   -- pictures that came with it
local notice_id = ARGV[7]         -- of the notice about them
local notice_kind = ARGV[8]
local look_again = tonumber(ARGV[9])  -- seconds until the sweeper looks for the text
local lives = { record = tonumber(ARGV[10]), body = tonumber(ARGV[11]) }  -- seconds
local said_at = tonumber(ARGV[12])  -- seconds
local code = ARGV[13]             -- that the text begins with, or ""
local rest = ARGV[14]             -- the text without it, sealed, or ""
local refused_for = tonumber(ARGV[15])  -- seconds
local FIRST_INDEX = 16            -- the sender's indexes

if redis.call("EXISTS", keys.message) == 1 then
  return { "duplicate" }
end
local refused_before = redis.call("GET", keys.refused)
if refused_before then
  local answer = {}
  for value in string.gmatch(refused_before .. "\t", "([^\t]*)\t") do
    answer[#answer + 1] = value
  end
  return answer
end

-- The first decision holds: by the time that the carrier repeats the text, or lists it, its sender may
-- be connected to somebody else, and has been told that it went to nobody (P1).
local function refuse(answer)
  redis.call("SET", keys.refused, table.concat(answer, "\t"), "EX", refused_for)
  return answer
end

-- Whether a phone change is about to make this phone its sender's: decided when that has ended.
local function is_coming(session, index)
  return session ~= nil and session.status == "open" and session.recruiter_index ~= index
    and session.candidate_index ~= index and not string.find(session.former, index, 1, true)
end

-- Which of several the code in front names; nil when it names none of the sender's.
local function named_one(several)
  local named = redis.call("HGET", keys.codes, number .. ":" .. code)
  for _, session_id in ipairs(several.ids) do
    if session_id == named then
      return look_at(keys.sessions, session_id, several.index, now)
    end
  end
  return nil
end

-- One of the sender's live sessions says their language. A phone that its recruiter has left has none
-- there, whatever still cools: it is told no codes.
local function ask_which(several)
  local locale = ""
  for _, session_id in ipairs(several.ids) do
    local session = read_session(redis.call("HGET", keys.sessions, session_id))
    if is_coming(session, several.index) then
      return { "moving" }
    end
    if session.recruiter_index == several.index then
      locale = session.recruiter_locale
      if session.status == "open" and now < tonumber(session.expires_at) then
        return { "several", session_id, "recruiter", locale, several.index, "1" }
      end
    end
  end
  return { "closed", several.ids[1], "recruiter", locale, several.index, "1" }
end

local phones, indexes = read_phones(FIRST_PHONE_KEY, FIRST_INDEX)
local found = find_session(keys, phones, indexes, number, now)
if found.state == "several" then
  local named = named_one(found)
  if not named then
    local answer = ask_which(found)
    return answer[1] == "moving" and answer or refuse(answer)
  end
  found = named
end
local session, side, other = found.session, found.side, found.other
if found.state == "unknown_number" then
  return { found.state }
elseif is_coming(session, found.index) then
  return { "moving" }
elseif not side then
  return refuse({ found.state })
elseif said_at < tonumber(session.created_at) then
  return refuse({ "stranger" })
end
local locale, index = session[side .. "_locale"], session[side .. "_index"]

-- The code of another session of this recruiter, which cools for its candidate alone by now: the text
-- was for that one, and for nobody else (P1). Digits that are no code of theirs are words.
local function named_another()
  local named = side == "recruiter" and code ~= "" and code ~= session.code
    and redis.call("HGET", keys.codes, number .. ":" .. code)
  local record = named and redis.call("HGET", keys.sessions, named)
  return record and read_session(record).recruiter == session.recruiter and named
end

local another = named_another()
if another then
  return refuse({ "closed", another, side, locale, index, "1" })
end
if found.state == "open" and not string.find(session.channels, "s", 1, true) then
  found.state = "no_sms"
end
if found.state ~= "open" then
  return refuse({ found.state, found.id, side, locale, index, "", heading_for(side, session) })
end

if side == "recruiter" and code ~= "" and code == session.code then
  text = rest
end
local has_text = text ~= ""
local order, place = 0, ""
if has_text then
  order = redis.call("HINCRBY", keys.counters, "text_order", 1)
  place = place_of(number .. ":" .. session[other .. "_index"], order, id)
  redis.call("SET", keys.body, pack_body(text, session[other .. "_sealed"]), "EX", lives.body)
  redis.call("ZADD", keys.lanes, 0, place)
  redis.call("ZADD", keys.outbox, now + look_again, id)
end
redis.call("HSET", keys.message, "session", found.id, "side", other, "kind", "message",
  "status", has_text and "received" or "failed", "rank", has_text and "0" or "5",
  "started_at", string.format("%.3f", now), "number", number,
  "index", session[other .. "_index"],
  "inbound_sid", inbound_sid, "media", media, "order", order, "place", place)
redis.call("EXPIRE", keys.message, lives.record)
redis.call("ZADD", keys.interactions, 0, table.concat({ found.id, whole(now), id }, "\t"))
if media > 0 then
  add_notice(keys, notice_id, notice_kind, {
    session = found.id, side = side, number = number, index = index,
    sealed = session[side .. "_sealed"], locale = locale,
  }, now, look_again, lives)
end
return { "accepted", found.id, side, locale, index, "" }
