-- route: finds whom a call on a virtual number is for and, when it will be connected, puts it on
-- record with its lease. One round trip.
-- uses: session, leases, finding
--
-- A CallSid gets its Dial once: the same answer again within a minute (the carrier repeats
-- webhooks), "spent" after that, so that a captured webhook is no way to look a number up. The
-- answer given first holds when the session ends meanwhile, unless that takes calls back, too.
--
-- Answers {state} or {state, session id, caller's side, record, counterpart sealed}, where state
-- is unknown_number, stranger, closed, expired, no_voice, spent or connect.
local keys = {
  numbers = KEYS[1],       -- hash
  sessions = KEYS[2],      -- hash
  leases = KEYS[3],        -- hash
  interactions = KEYS[4],  -- sorted set, lexical
  call = KEYS[5],          -- hash
}
local FIRST_PHONE_KEY = 6       -- the caller's phone hashes
local now = tonumber(ARGV[1])   -- seconds
local number = ARGV[2]          -- virtual number
local call_sid = ARGV[3]
local lease = tonumber(ARGV[4])      -- seconds a call can last at most
local repeatable = tonumber(ARGV[5]) -- seconds in which the same answer is given again
local retention = tonumber(ARGV[6])  -- seconds
local attestation = ARGV[7]          -- "A", "B", "C" or ""
local FIRST_INDEX = 8                -- the caller's indexes

local phones, indexes = {}, {}
for position = FIRST_PHONE_KEY, #KEYS do
  phones[#phones + 1] = KEYS[position]
  indexes[#indexes + 1] = ARGV[FIRST_INDEX + #phones - 1]
end

local function answered_before(begun)
  local id, side = begun[1], begun[2]
  local record = redis.call("HGET", keys.sessions, id)
  for _, call in ipairs(read_leases(redis.call("HGET", keys.leases, id) or "", now)) do
    if call.sid == call_sid and record then
      if call.sealed ~= "" and now - tonumber(call.decided_at) <= repeatable then
        return { "connect", id, side, record, call.sealed }
      end
    end
  end
  return record and { "spent", id, side, record, "" } or { "spent" }
end

local begun = redis.call("HMGET", keys.call, "session", "side")
if begun[1] then
  return answered_before(begun)
end

local found = find_session(keys, phones, indexes, number, now)
if found.state ~= "open" then
  if found.side then
    return { found.state, found.id, found.side, found.record, "" }
  end
  return { found.state }
end
if not string.find(found.session.channels, "v", 1, true) then
  return { "no_voice", found.id, found.side, found.record, "" }
end

local counterpart = found.session[found.other .. "_sealed"]
local leases = read_leases(redis.call("HGET", keys.leases, found.id) or "", now)
leases[#leases + 1] = {
  sid = call_sid, till = whole(math.ceil(now + lease)), decided_at = whole(now), sealed = counterpart,
  heirs = "",
}
store_leases(keys.leases, found.id, leases)
redis.call("HSET", keys.call, "session", found.id, "side", found.side, "status", "ringing",
  "rank", "0", "started_at", whole(now), "attestation", attestation)
redis.call("EXPIRE", keys.call, retention)
redis.call("ZADD", keys.interactions, 0, table.concat({ found.id, whole(now), call_sid }, "\t"))
return { "connect", found.id, found.side, found.record, counterpart }
