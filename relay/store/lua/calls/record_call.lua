-- record_call: moves a call's record forwards, whatever order the carrier's reports come in.
-- keys: call=call(call_sid) leases due sessions traffic=traffic(number)
-- args: now:number call_sid number status rank:number duration? leg_sid? accepted:flag
--   has_ended:flag short_call:number charges:records(unit count:number)
-- uses: session leases due_again traffic unended limits charging outcomes
--
-- A report of lower rank than what is known changes no status, but may add what it knows: a leg's
-- sid, the duration. With the call its lease ends, also on the sessions that it was passed on to,
-- and a session that waited for it is due again. What the call counts for in the traffic of
-- `number`, on which it came in, and towards the day's limits follows its record. `duration` and
-- `short_call` are seconds. `charges` are what the carrier charges it for as far as this report
-- tells: at least so many of each unit in all.
--
-- Safe to run twice. Answers the call's status after it, or false when there is no such call.

-- The call's status after the report.
local function take_in_report(known_status, known_rank)
  local status = known_status
  if args.rank > tonumber(known_rank) then
    status = args.status
    redis.call("HSET", keys.call, "status", status, "rank", args.rank)
    if args.duration then
      redis.call("HSET", keys.call, "duration", args.duration)
    end
  elseif args.duration then
    redis.call("HSETNX", keys.call, "duration", args.duration)
  end
  if args.leg_sid then
    redis.call("HSET", keys.call, "leg_sid", args.leg_sid)
  end
  if args.accepted then
    redis.call("HSET", keys.call, "accepted", "1")
  end
  return status
end

local function is_under_way(status)
  return status == "ringing" or status == "in-progress"
end

local function count_call(status)
  local call = redis.call("HMGET", keys.call, "started_at", "duration", "counted")
  local started_at, duration, counted = tonumber(call[1]), call[2], call[3]
  local counts = counts_of_call(status, duration, args.short_call)
  redis.call("HSET", keys.call, "counted",
    count_traffic(keys.traffic, started_at, args.now, counted, counts))
end

-- Until it is over it counts the minutes that it may last, then those that it has lasted.
local function count_minutes(session_id, status)
  if is_under_way(status) then
    return
  end
  local call = redis.call("HMGET", keys.call, "side", "started_at", "duration", "minutes")
  local side, started_at, counted = call[1], tonumber(call[2]), tonumber(call[4] or "0")
  local minutes = math.ceil(tonumber(call[3] or "0") / 60)
  if minutes ~= counted then
    recount_call(session_id, side, started_at, { minutes = minutes - counted })
    redis.call("HSET", keys.call, "minutes", minutes)
  end
end

local function count_charges()
  for _, each in ipairs(args.charges) do
    local field = "charged_" .. each.unit
    local counted = tonumber(redis.call("HGET", keys.call, field) or "0")
    if each.count > counted then
      redis.call("HSET", keys.call, field, each.count)
      charge(each.unit, each.count - counted)
    end
  end
end

local known = redis.call("HMGET", keys.call, "session", "rank", "status")
local session_id, known_rank, known_status = known[1], known[2], known[3]
if not session_id then
  return false
end
local status = take_in_report(known_status, known_rank)
if is_under_way(known_status) and not is_under_way(status) then
  count_outcome("call:" .. status .. ":")
end
if args.has_ended then
  note_ended(keys, session_id, args.call_sid)
  end_lease(keys.leases, session_id, args.call_sid, args.now, make_due_again)
end
count_call(status)
count_minutes(session_id, status)
count_charges()
return status
