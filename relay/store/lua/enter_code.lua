-- enter_code: lets a caller in by an access code and, when the call will be connected, puts it on
-- record with its lease (P1, P6).
-- uses: session, leases, finding, codes, connecting
--
-- A code is good from any phone. Wrong ones are counted by caller, and by number for callers who
-- have no binding there: neither can a stranger find a code, nor keep out whom the number knows by
-- their phone. A switchboard that many recruiters show may be wrong more often. Who has tried too
-- often gets no answer to a right code either. Safe to run twice: a try is counted once.
--
-- Answers as route does, or {"wrong", digits of the longest code, caller's locale} (another try),
-- {"tried_out", caller's locale}.
local keys = {
  numbers = KEYS[1],       -- hash
  sessions = KEYS[2],      -- hash
  leases = KEYS[3],        -- hash
  interactions = KEYS[4],  -- sorted set, lexical
  call = KEYS[5],          -- hash
  codes = KEYS[6],         -- hash
  code_lengths = KEYS[7],  -- hash
  tries = KEYS[8],         -- hash: of this call
  wrong_from = KEYS[9],    -- string: of this caller
  wrong_on = KEYS[10],     -- string: of strangers on this number
  degrees = KEYS[11],      -- sorted set: phone by its bindings as a recruiter's
}
local FIRST_PHONE_KEY = 12      -- the caller's phone hashes; none of one who is withheld
local now = tonumber(ARGV[1])   -- seconds
local number = ARGV[2]          -- virtual number
local call = {
  sid = ARGV[3],
  lease = tonumber(ARGV[4]),      -- seconds a call can last at most
  repeatable = tonumber(ARGV[5]), -- seconds in which the same answer is given again
  retention = tonumber(ARGV[6]),  -- seconds
  attestation = ARGV[7],          -- "A", "B", "C" or ""
}
local code = ARGV[8]
local attempt = tonumber(ARGV[9])          -- 1 for the call's first
local most_attempts = tonumber(ARGV[10])   -- in a call
local most_from = tonumber(ARGV[11])       -- wrong ones of a caller in the window
local most_on = tonumber(ARGV[12])         -- wrong ones of strangers on a number in the window
local window = tonumber(ARGV[13])          -- seconds
local bindings_a_try = tonumber(ARGV[14])  -- of a caller, that allow one wrong code more
local FIRST_INDEX = 15                     -- the caller's indexes

local before = answered_before(keys, call, now)
if before then
  return before
end
if redis.call("HEXISTS", keys.numbers, number) == 0 then
  return { "unknown_number" }
end
local is_known, is_withheld, locale, bindings = false, #KEYS < FIRST_PHONE_KEY, "", 0
local phones, indexes = read_phones(FIRST_PHONE_KEY, FIRST_INDEX)
for position, phone in ipairs(phones) do
  local held = redis.call("HGET", phone, number)
  bindings = math.max(bindings, tonumber(redis.call("ZSCORE", keys.degrees, indexes[position]) or "0"))
  if held then
    local one = look_at(keys.sessions, string.match(held, "[^ ]+"), indexes[position], now)
    is_known, locale = true, one.side and one.session[one.side .. "_locale"] or ""
  end
end

local function is_spent(counter, most)
  return tonumber(redis.call("GET", counter) or "0") >= most
end

local function count(counter)
  if redis.call("INCR", counter) == 1 then
    redis.call("EXPIRE", counter, window)
  end
end

local function after_a_wrong_one()
  if attempt >= most_attempts then
    return { "tried_out", locale }
  end
  return { "wrong", longest_code(keys, number), locale }
end

if redis.call("HEXISTS", keys.tries, attempt) == 1 then
  return after_a_wrong_one()
end
if attempt > most_attempts
  or is_spent(keys.wrong_from, most_from + math.floor(bindings / bindings_a_try))
  or (not is_known and is_spent(keys.wrong_on, most_on))
then
  return { "tried_out", locale }
end

local id = redis.call("HGET", keys.codes, number .. ":" .. code)
local record = id and redis.call("HGET", keys.sessions, id)
if not record then
  redis.call("HSET", keys.tries, attempt, "wrong")
  redis.call("EXPIRE", keys.tries, 3600)
  if not is_withheld then
    count(keys.wrong_from)
  end
  if not is_known then
    count(keys.wrong_on)
  end
  return after_a_wrong_one()
end
return connect_if_open(keys, look_at(keys.sessions, id, read_session(record).recruiter_index, now), call, now)
