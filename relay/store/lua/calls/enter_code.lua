-- enter_code: lets a caller in by an access code. A call that will be connected is put on record
-- with its lease (P1, P6).
-- keys: numbers sessions codes recruiter_degrees phones=phone(indexes*) tries=tries(call_sid)
--   wrong_from=wrong_from(tries_of_caller) wrong_on=wrong_on(tries_on_number)
--   silent=silent(number tries_of_caller)
-- args: now:number number indexes:list tries_of_caller tries_on_number code attempt:number
--   window:number most_attempts:number most_from:number most_on:number bindings_a_try:number
-- uses: session finding code_lengths connecting counting
--
-- A code is good from any phone. Wrong ones are counted by caller, and by number for callers who
-- have no binding there, those whom the networks vouch for apart: neither can a stranger find a
-- code, nor keep out whom the number or the networks know by their phone. A switchboard that many
-- recruiters show may be wrong more often: once more for each `bindings_a_try` of its bindings. Who
-- has tried too often gets no answer to a right code either. `attempt` is 1 for the call's first; a
-- count lives `window` seconds.
--
-- A code is taken of a call that was asked for one (route), for an hour: a captured request finds
-- nobody later. Who enters a code that is looked at is no silent stranger (route).
--
-- Safe to run twice: an attempt is decided on once, and its answer never gets better.
-- Answers as route does, or {"wrong", digits of the longest code, caller's locale} (another try),
-- or {"tried_out", caller's locale}.

-- Whether the caller's phone has a binding on the number, its language, and its bindings anywhere.
local function look_at_caller()
  local caller = { is_known = false, locale = "", bindings = 0 }
  for position, phone in ipairs(keys.phones) do
    local index = args.indexes[position]
    local bindings = tonumber(redis.call("ZSCORE", keys.recruiter_degrees, index) or "0")
    caller.bindings = math.max(caller.bindings, bindings)
    local held = redis.call("HGET", phone, args.number)
    if held then
      local one = look_at(keys.sessions, string.match(held, "[^ ]+"), index, args.now)
      caller.is_known = true
      caller.locale = one.side and one.session[one.side .. "_locale"] or ""
    end
  end
  return caller
end

local function is_one_of(indexes, index)
  for _, each in ipairs(indexes) do
    if each == index then
      return true
    end
  end
  return false
end

local function has_reached(counter, most)
  return tonumber(redis.call("GET", counter) or "0") >= most
end

local function has_tried_too_often(caller)
  return args.attempt > args.most_attempts
    or has_reached(
        keys.wrong_from, args.most_from + math.floor(caller.bindings / args.bindings_a_try)
      )
    or (not caller.is_known and has_reached(keys.wrong_on, args.most_on))
end

local function count_wrong_one(caller)
  if #args.indexes > 0 then
    count_for(args.window, keys.wrong_from)
  end
  if not caller.is_known then
    count_for(args.window, keys.wrong_on)
  end
end

local function after_a_wrong_one(caller)
  if args.attempt >= args.most_attempts then
    return { "tried_out", caller.locale }
  end
  return { "wrong", longest_code(keys, args.number), caller.locale }
end

local function decide(caller)
  if has_tried_too_often(caller) then
    return { "tried_out", caller.locale }
  end
  local id = redis.call("HGET", keys.codes, args.number .. ":" .. args.code)
  local record = id and redis.call("HGET", keys.sessions, id)
  if not record then
    count_wrong_one(caller)
    return after_a_wrong_one(caller)
  end
  local recruiter_index = read_session(record).recruiter_index
  local by_code = is_one_of(args.indexes, recruiter_index) and "own" or "other"
  return connect_if_open(
    keys, look_at(keys.sessions, id, recruiter_index, args.now), args.now, by_code)
end

-- The answer that this attempt has had; to one that connected, once its call is off record, none.
local function answer_again(decided, caller)
  local state, id = string.match(decided, "^(%S+) ?(.*)$")
  if state == "wrong" then
    return { "wrong", longest_code(keys, args.number), caller.locale }
  elseif state == "tried_out" then
    return { "tried_out", caller.locale }
  elseif state == "connect" then
    return { "replayed" }
  end
  local record = redis.call("HGET", keys.sessions, id)
  return record and { state, id, "recruiter", record } or { state }
end

local before = answered_before(keys, args.now, "own")
if before then
  return before
end
if redis.call("HEXISTS", keys.numbers, args.number) == 0 then
  return { "unknown_number" }
elseif redis.call("HEXISTS", keys.tries, "asked") == 0 then
  return { "replayed" }
end
local caller = look_at_caller()
local decided = redis.call("HGET", keys.tries, args.attempt)
if decided then
  return answer_again(decided, caller)
end
local answer = decide(caller)
if answer[1] ~= "tried_out" then
  redis.call("DEL", keys.silent)
end
redis.call("HSET", keys.tries, args.attempt, answer[1] .. " " .. (answer[2] or ""))
return answer
