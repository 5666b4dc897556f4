-- route: finds whom a call on a virtual number is for. A call that will be connected is put on
-- record with its lease.
-- keys: numbers sessions policy load phones=phone(indexes*) tries=tries(call_sid)
--   silent=silent(number tries_of_caller)
-- args: now:number number indexes:list tries_of_caller
-- uses: session finding code_lengths connecting deciding
--
-- A caller with several sessions on the number is asked for a code. So is a caller whom nobody
-- knows, where the pool has access codes and the number has a session, and a recruiter whom the
-- networks do not vouch for as the policy's `attestation` wants it. `indexes` are the caller's;
-- none of a caller who is withheld.
--
-- A stranger who shows their number and enters nothing in SILENT_CALLS calls is silent for
-- SILENT_FOR seconds after the last of them: none of their calls is answered, so none is billed.
-- enter_code forgives them. A withheld caller is nobody, and never silent.
--
-- Safe to run twice: a call on record gets its answer again. The answer to another one that was
-- decided on before never gets better: who was asked for a code is asked again for an hour, who is
-- silent is not answered, and the others hear to call again.
--
-- Answers {state}, or {state, session id, caller's side, record}, where state is unknown_number,
-- stranger, silent_stranger, closed, expired, no_voice or replayed; {"connect", session id,
-- caller's side, record, counterpart's guard, recruiter's seal, candidate's seal}; {"over_limit",
-- session id, caller's side, record, the limit that is reached}; or {"several" |
-- "stranger_with_code" | "unverified", digits of the number's longest code, caller's locale}.
local TRIES_LIFE = 3600
local SILENT_CALLS, SILENT_FOR = 2, 3600

local function asks_strangers()
  return redis.call("HGET", keys.policy, "access_codes") == "1"
    and redis.call("HEXISTS", keys.load, args.number) == 1
end

-- Whether the networks' check leaves open that it is this recruiter who calls.
local function is_unverified(found)
  if found.side ~= "recruiter" or args.attestation == "A" then
    return false
  end
  return args.attestation == "failed"
    or redis.call("HGET", keys.policy, "attestation") == "verified"
end

-- enter_code takes a code of this call for an hour.
local function ask(state, locale)
  redis.call("HSET", keys.tries, "asked", locale)
  redis.call("EXPIRE", keys.tries, TRIES_LIFE)
  return { state, longest_code(keys, args.number), locale }
end

local function is_silent()
  return tonumber(redis.call("GET", keys.silent) or "0") >= SILENT_CALLS
end

local function answer_stranger()
  if is_silent() then
    return { "silent_stranger" }
  elseif #args.indexes > 0 then
    redis.call("INCR", keys.silent)
    redis.call("EXPIRE", keys.silent, SILENT_FOR)
  end
  return asks_strangers() and ask("stranger_with_code", "") or { "stranger" }
end

local function decide(found)
  if found.state == "several" then
    local session = read_session(redis.call("HGET", keys.sessions, found.ids[1]))
    return ask("several", session.recruiter_locale)
  elseif found.state == "stranger" then
    return answer_stranger()
  elseif is_open_for_calls(found) and is_unverified(found) then
    return ask("unverified", found.session.recruiter_locale)
  end
  return connect_if_open(keys, found, args.now, "")
end

local function answer_decided_one()
  local asked = redis.call("HGET", keys.tries, "asked")
  if asked then
    return ask("stranger_with_code", asked)
  end
  return { is_silent() and "silent_stranger" or "replayed" }
end

local before = answered_before(keys, args.now, "")
if before then
  return before
elseif was_decided() then
  return answer_decided_one()
end
local found = find_session(keys, keys.phones, args.indexes, args.number, args.now)
if found.state == "unknown_number" then
  return { found.state }  -- the number may be in another pool: nothing is decided yet
end
note_decided()
return decide(found)
