-- route: finds whom a call on a virtual number is for. A call that will be connected is put on
-- record with its lease.
-- keys: numbers sessions policy load phones=phone(indexes*) tries=tries(call_sid)
-- args: now:number number indexes:list
-- uses: session finding code_lengths connecting deciding
--
-- A caller with several sessions on the number is asked for a code. So is a caller whom nobody
-- knows, where the pool has access codes and the number has a session, and a recruiter whom the
-- networks do not vouch for as the policy's `attestation` wants it. `indexes` are the caller's;
-- none of a caller who is withheld.
--
-- Safe to run twice: a call on record gets its answer again. The answer to another one that was
-- decided on before never gets better: who was asked for a code is asked again for an hour, and the
-- others hear to call again.
--
-- Answers {state}, or {state, session id, caller's side, record}, where state is unknown_number,
-- stranger, closed, expired, no_voice or replayed; {"connect", session id, caller's side, record,
-- recruiter's seal, candidate's seal}; or {"several" | "stranger_with_code" |
-- "unverified", digits of the number's longest code, caller's locale}.
local TRIES_LIFE = 3600

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

local function decide(found)
  if found.state == "several" then
    local session = read_session(redis.call("HGET", keys.sessions, found.ids[1]))
    return ask("several", session.recruiter_locale)
  elseif found.state == "stranger" and asks_strangers() then
    return ask("stranger_with_code", "")
  elseif is_open_for_calls(found) and is_unverified(found) then
    return ask("unverified", found.session.recruiter_locale)
  end
  return connect_if_open(keys, found, args.now, "")
end

local before = answered_before(keys, args.now, "")
if before then
  return before
elseif was_decided() then
  local asked = redis.call("HGET", keys.tries, "asked")
  return asked and ask("stranger_with_code", asked) or { "replayed" }
end
local found = find_session(keys, keys.phones, args.indexes, args.number, args.now)
if found.state == "unknown_number" then
  return { found.state }  -- the number may be in another pool: nothing is decided yet
end
note_decided()
return decide(found)
