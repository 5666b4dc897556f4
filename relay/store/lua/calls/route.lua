-- route: finds whom a call on a virtual number is for. A call that will be connected is put on
-- record with its lease.
-- keys: numbers sessions policy load phones=phone(indexes*)
-- args: now:number number indexes:list
-- uses: session finding code_lengths connecting
--
-- A caller with several sessions on the number is asked for a code. So is a caller whom nobody
-- knows, where the pool has access codes and the number has a session. `indexes` are the caller's;
-- none of a caller who is withheld.
--
-- Safe to run twice: a call on record gets its answer again. Answers {state}, or {state, session
-- id, caller's side, record}, where state is unknown_number, stranger, closed, expired, no_voice or
-- replayed; {"connect", session id, caller's side, record, by_code, recruiter's seal, candidate's
-- seal}; or {"several" | "stranger_with_code", digits of the number's longest code, caller's
-- locale}.

local function asks_strangers()
  return redis.call("HGET", keys.policy, "access_codes") == "1"
    and redis.call("HEXISTS", keys.load, args.number) == 1
end

local before = answered_before(keys, args.now)
if before then
  return before
end
local found = find_session(keys, keys.phones, args.indexes, args.number, args.now)
if found.state == "several" then
  local session = read_session(redis.call("HGET", keys.sessions, found.ids[1]))
  return { "several", longest_code(keys, args.number), session.recruiter_locale }
end
if found.state == "stranger" and asks_strangers() then
  return { "stranger_with_code", longest_code(keys, args.number), "" }
end
return connect_if_open(keys, found, args.now, "")
