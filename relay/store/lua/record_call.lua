-- record_call: moves a call's record forwards, whatever order the carrier's reports come in.
-- uses: session, leases, traffic
--
-- A report of lower rank than what is known changes no status, but may add what it knows (a
-- leg's sid, the duration). With the call's end its lease ends, on the sessions that it was passed
-- on to, too, and a session that waited for it is due again. What the call counts for in its number's
-- traffic follows its record. Safe to run twice. Answers the call's status after it, or false for no
-- such call.
local keys = {
  call = KEYS[1],      -- hash
  leases = KEYS[2],    -- hash
  due = KEYS[3],       -- sorted set
  sessions = KEYS[4],  -- hash
  traffic = KEYS[5],   -- hash: of the number it came in on
}
local now = tonumber(ARGV[1])  -- seconds
local call_sid = ARGV[2]
local status = ARGV[3]         -- interaction status, or "" to leave it
local rank = tonumber(ARGV[4]) -- of the status: only a higher one replaces
local duration = ARGV[5]       -- seconds, or ""
local leg_sid = ARGV[6]        -- the counterpart's leg, or ""
local accepted = ARGV[7]       -- "1" when the counterpart took the call
local has_ended = ARGV[8] == "1"
local short_call = tonumber(ARGV[9])  -- seconds

local known = redis.call("HMGET", keys.call, "session", "rank", "status")
local id = known[1]
if not id then
  return false
end
if status ~= "" and rank > tonumber(known[2]) then
  redis.call("HSET", keys.call, "status", status, "rank", rank)
  known[3] = status
  if duration ~= "" then
    redis.call("HSET", keys.call, "duration", duration)
  end
elseif duration ~= "" then
  redis.call("HSETNX", keys.call, "duration", duration)
end
if leg_sid ~= "" then
  redis.call("HSET", keys.call, "leg_sid", leg_sid)
end
if accepted == "1" then
  redis.call("HSET", keys.call, "accepted", "1")
end
if has_ended then
  end_lease(keys.leases, id, call_sid, now, function(idle_id)
    local record = redis.call("HGET", keys.sessions, idle_id)
    local session = record and read_session(record)
    if session and session.status == "open" then
      redis.call("ZADD", keys.due, session.expires_at, idle_id)
    end
  end)
end
local began = redis.call("HMGET", keys.call, "started_at", "duration", "counted")
redis.call("HSET", keys.call, "counted", count_traffic(keys.traffic, tonumber(began[1]), now, began[3],
  counts_of_call(known[3], began[2], short_call)))
return known[3]
