-- accept_text: finds whom a text is for and takes it on.
-- keys: policy numbers sessions codes message=message(id) body=body(id) outbox lanes
--    counters held=message(held_id) told=message(told_id) refused=refused(inbound_sid)
--    phones=phone(indexes*)
-- args: now:number said_at:number number id inbound_sid vouched distrusted text media:number code
--    refused_for:number look_again:number record_life:number lifetime:number
--    longest_lifetime:number held_id held_at:number told_id answers_within:number indexes:list
-- uses: session finding seals lanes code_prefix gathering pacing deciding limits keeping_bodies
--    unsent outcomes listing
--
-- Record, sealed body, lane entry and outbox entry are written in one step, so that an accepted
-- text is certain to be sent (P4). indexes are the sender's. text is sealed, or "" when there is
-- nothing but pictures; code is the one that it begins with, or "".
--
-- Nothing is taken on that the caller has not vouched for: where `vouched` is another session than
-- the text is for, it answers with that one and its sender's seal. The caller sees whether the
-- sender is whom the session says (P9), seals the text for it, and comes again. A session that it
-- does not trust comes back as `distrusted`, and the text is refused.
--
-- A sender of several sessions there names one by its code in front; without it nobody gets the
-- text (P1). A text from before the session (fetched late from the carrier's list) was not meant
-- for it: its sender is a stranger. A text of somebody who writes too fast, or the same words again
-- and again, waits, or is held: it is on record and relayed to nobody, and its sender is told by
-- the count at held_at. Held words that come right after the notice before that, told_id, are
-- counted and no reason for another one. Beyond one of the day's limits a text is refused. A
-- picture is not relayed, and its sender gets a notice; what was written with it is.
--
-- Safe to run twice: a MessageSid is taken once, and refused once; then it gets its answer again
-- for `refused_for` seconds, and later none: it is never relayed.
--
-- Answers {state} or {state, session id, sender's side, locale and index, one_of_several, code and
-- context, limit}, where state is unknown_number, stranger, several, closed, expired, no_sms,
-- over_limit, distrusted, duplicate, held or accepted. one_of_several is "1" where nothing says
-- which of several sessions the text was for, else ""; code and context are the code prefix of a
-- refusal, limit is the one that is reached. Or {"vouch", session id, sender's side, record,
-- sender's seal}.

local function refused_before()
  local refusal = redis.call("GET", keys.refused)
  if not refusal then
    return nil
  end
  local answer = {}
  for value in string.gmatch(refusal .. "\t", "([^\t]*)\t") do
    answer[#answer + 1] = value
  end
  return answer
end

-- The first decision holds: by the time that the carrier repeats the text, or lists it, its sender
-- may be connected to somebody else, and has been told that it went to nobody (P1).
local function refuse(answer)
  redis.call("SET", keys.refused, table.concat(answer, "\t"), "EX", args.refused_for)
  note_decided()
  return answer
end

local function session_with_code()
  return redis.call("HGET", keys.codes, args.number .. ":" .. args.code)
end

-- Which of several the code in front names; nil when it names none of the sender's.
local function named_one(several)
  local named = session_with_code()
  for _, session_id in ipairs(several.ids) do
    if session_id == named then
      return look_at(keys.sessions, session_id, several.index, args.now)
    end
  end
  return nil
end

-- One of the sender's live sessions says their language. A phone that its recruiter has left has
-- none there, whatever still cools: it is told no codes.
local function ask_which(several)
  local locale = ""
  for _, session_id in ipairs(several.ids) do
    local session = read_session(redis.call("HGET", keys.sessions, session_id))
    if session.recruiter_index == several.index then
      locale = session.recruiter_locale
      if session.status == "open" and args.now < tonumber(session.expires_at) then
        return { "several", session_id, "recruiter", locale, several.index, "1" }
      end
    end
  end
  return { "closed", several.ids[1], "recruiter", locale, several.index, "1" }
end

-- The code of another session of this recruiter, which cools for its candidate alone by now: the
-- text was for that one, and for nobody else (P1). Digits that are no code of theirs are words.
local function named_another(found)
  local session = found.session
  if found.side ~= "recruiter" or args.code == "" or args.code == session.code then
    return nil
  end
  local named = session_with_code()
  local record = named and redis.call("HGET", keys.sessions, named)
  return record and read_session(record).recruiter == session.recruiter and named or nil
end

local function usage_of(found)
  return read_usage(found.id, found.session, found.side, day_of(args.now))
end

-- The answer that refuses a text of somebody who is bound there; nil when it is to be relayed.
local function why_not(found)
  local session, side = found.session, found.side
  local locale, index = session[side .. "_locale"], session[side .. "_index"]
  local another = named_another(found)
  if another then
    return { "closed", another, side, locale, index, "1" }
  end
  local state, limit = found.state, nil
  if state == "open" and not string.find(session.channels, "s", 1, true) then
    state = "no_sms"
  elseif state == "open" then
    limit = limit_on_texts(usage_of(found))
    state = limit and "over_limit"
  end
  if not state then
    return nil
  end
  local code, context = code_prefix_for(side, session)
  return { state, found.id, side, locale, index, "", code, context, limit }
end

-- How long it may wait, in seconds: by the pool's policy, else `lifetime`.
local function lifetime()
  local ours = tonumber(redis.call("HGET", keys.policy, "text_lifetime") or "")
  return math.min(ours or args.lifetime, args.longest_lifetime)
end

local function receiver_of(found, side)
  local session = found.session
  return {
    session = found.id, side = side, number = args.number, index = session[side .. "_index"],
    locale = session[side .. "_locale"],
  }
end

-- Every text of a session is among its interactions, relayed or not.
local function put_on_record(found, fields)
  redis.call("HSET", keys.message, "session", found.id, "side", found.other, "kind", "message",
    "started_at", string.format("%.3f", args.now), "number", args.number,
    "index", found.session[found.other .. "_index"], "inbound_sid", args.inbound_sid,
    "media", args.media, unpack(fields))
  redis.call("EXPIRE", keys.message, args.record_life)
  list_interaction(keys, found.id, whole(args.now), args.id)
end

-- Whether the sender was told of what is held so short a time ago.
local function was_just_told()
  local told_at = tonumber(redis.call("HGET", keys.told, "attempted_at") or "")
  return told_at and args.now < told_at + args.answers_within
end

local function hold_back(found, were_words_held)
  put_on_record(found, { "status", "held", "rank", "5", "lane_entry", "" })
  count_outcome("message:held:")
  if were_words_held and was_just_told() then
    redis.call("HINCRBY", keys.held, "count", 1)
    redis.call("EXPIRE", keys.held, args.record_life)
    return
  end
  local counter = { key = keys.held, id = args.held_id, kind = "texts_held", at = args.held_at }
  count_in(counter, keys, args, receiver_of(found, found.side))
end

-- wait: in seconds.
local function take_on(found, wait)
  local has_text = args.text ~= ""
  local receiver = found.session[found.other .. "_index"]
  local order, entry, life, goes_at = 0, "", lifetime(), args.now + wait
  if has_text then
    order = redis.call("HINCRBY", keys.counters, "text_order", 1)
    entry = lane_entry_of(args.number .. ":" .. receiver, order, args.id)
    redis.call("SET", keys.body, args.text, "EX", life)
    note_body(args.id, args.text, args.now + life)
    redis.call("ZADD", keys.lanes, 0, entry)
    redis.call("ZADD", keys.outbox, goes_at + args.look_again, args.id)
    note_unsent(args.id, goes_at)
  else
    count_outcome("message:failed:picture")
  end
  put_on_record(found, {
    "status", has_text and "received" or "failed", "rank", has_text and "0" or "5",
    "order", order, "lane_entry", entry, "expires_at", string.format("%.3f", args.now + life),
    "next_at", wait > 0 and string.format("%.3f", goes_at) or "",
  })
  count_usage(usage_of(found), { texts = 1 })
end

local function answer_about(found, state)
  local session, side = found.session, found.side
  return { state, found.id, side, session[side .. "_locale"], session[side .. "_index"], "" }
end

if redis.call("EXISTS", keys.message) == 1 then
  return { "duplicate" }
end
local refusal = refused_before()
if refusal then
  return refusal
elseif was_decided() then
  return { "duplicate" }
end

local found = find_session(keys, keys.phones, args.indexes, args.number, args.now)
if found.state == "several" then
  local named = named_one(found)
  if not named then
    return refuse(ask_which(found))
  end
  found = named
end
if found.state == "unknown_number" then
  return { found.state }
elseif not found.side then
  return refuse({ found.state })
elseif args.said_at < tonumber(found.session.created_at) then
  return refuse({ "stranger" })
end
refusal = why_not(found)
if refusal then
  return refuse(refusal)
end

if found.id == args.distrusted then
  return refuse(answer_about(found, "distrusted"))
elseif found.id ~= args.vouched then
  return { "vouch", found.id, found.side, found.record, seal_of(keys, found.session, found.side) }
end
note_decided()
local wait, were_words_held = 0, false
if args.text ~= "" then
  wait, were_words_held = wait_of_pace(args.now)
end
if not wait then
  hold_back(found, were_words_held)
  return answer_about(found, "held")
end
take_on(found, wait)
if args.media > 0 then
  tell(keys, args, receiver_of(found, found.side))
end
return answer_about(found, "accepted")
