-- route: finds whom a call on a virtual number is for and, when it will be connected, puts it on
-- record with its lease. One round trip.
-- uses: session, leases, finding, codes, connecting
--
-- Whoever has several sessions there is asked for a code; so is whom nobody knows, as far as the
-- pool has access codes and the number a session.
--
-- Safe to run twice: a call on record gets its answer again. Answers {state}, {state, session id,
-- caller's side, record, counterpart sealed}, where state is unknown_number, stranger, closed,
-- expired, no_voice, spent or connect, or
-- {"several" | "stranger_with_code", digits of the number's longest code, caller's locale}.
local keys = {
  numbers = KEYS[1],       -- hash
  sessions = KEYS[2],      -- hash
  leases = KEYS[3],        -- hash
  interactions = KEYS[4],  -- sorted set, lexical
  call = KEYS[5],          -- hash
  policy = KEYS[6],          -- hash
  load = KEYS[7],          -- hash
  code_lengths = KEYS[8],  -- hash
}
local FIRST_PHONE_KEY = 9       -- the caller's phone hashes; none of one who is withheld
local now = tonumber(ARGV[1])   -- seconds
local number = ARGV[2]          -- virtual number
local call = {
  sid = ARGV[3],
  lease = tonumber(ARGV[4]),      -- seconds a call can last at most
  repeatable = tonumber(ARGV[5]), -- seconds in which the same answer is given again
  retention = tonumber(ARGV[6]),  -- seconds
  attestation = ARGV[7],          -- "A", "B", "C" or ""
}
local FIRST_INDEX = 8           -- the caller's indexes

local before = answered_before(keys, call, now)
if before then
  return before
end
local phones, indexes = read_phones(FIRST_PHONE_KEY, FIRST_INDEX)
local found = find_session(keys, phones, indexes, number, now)
if found.state == "several" then
  local session = read_session(redis.call("HGET", keys.sessions, found.ids[1]))
  return { "several", longest_code(keys, number), session.recruiter_locale }
elseif found.state == "stranger"
  and redis.call("HGET", keys.policy, "access_codes") == "1"
  and redis.call("HEXISTS", keys.load, number) == 1
then
  return { "stranger_with_code", longest_code(keys, number), "" }
end
return connect_if_open(keys, found, call, now)
