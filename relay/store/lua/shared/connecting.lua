-- A call that will be connected is put on record with its lease.
-- keys: sessions leases call=call(call_sid)
-- args: call_sid lease:number repeatable:number retention:number attestation
-- uses: session leases seals unended limits listing
--
-- A CallSid gets its Dial once: the same answer again for `repeatable` seconds (the carrier repeats
-- webhooks), until the counterpart has picked up or the call is over; "replayed" after that, so
-- that a captured webhook is no way to look a number up. The answer given first holds when the
-- session ends meanwhile, unless that revokes calls, too.
--
-- Whoever may dial the counterpart gets the seals of both people with the answer, to see whether
-- the caller is the one of the two that the session says, and the counterpart's guard. The guard
-- stays in the call's record: by it the call is dialled and its end is read, whatever guard the
-- person has by then.
--
-- A call counts towards the day's limits as one, with the minutes that it may last until it is over
-- (record_call). One for which nothing is left is not connected.
--
-- `lease` is how many seconds a call can last at most, `retention` how many its record is kept,
-- `attestation` is "A", "B", "C", "failed" or "".

local function connecting(keys, found, guard)
  return {
    "connect", found.id, found.side, found.record, guard, seals_of_both(keys, found.session),
  }
end

-- The answer that a call on record has had, as long as nothing was heard of it since; nil for a new
-- one. What a code was answered is no answer to a call without one.
local function answered_before(keys, now, by_code)
  local begun = redis.call("HMGET", keys.call, "session", "side", "by_code", "rank", "leg_sid",
    "guard")
  local id, side = begun[1], begun[2]
  local was_by_code = (begun[3] or "") ~= ""
  local may_repeat = was_by_code == (by_code ~= "") and (begun[4] or "0") == "0" and not begun[5]
  if not id then
    return nil
  end
  local record = redis.call("HGET", keys.sessions, id)
  for _, known in ipairs(read_leases(redis.call("HGET", keys.leases, id) or "", now)) do
    if known.sid == args.call_sid and record and known.holds == "1" and may_repeat
      and now - tonumber(known.decided_at) <= args.repeatable
    then
      local found = { id = id, side = side, record = record, session = read_session(record) }
      return connecting(keys, found, begun[6])
    end
  end
  return record and { "replayed", id, side, record } or { "replayed" }
end

-- found: id, session, record, side, other; by_code: "own" or "other" when a code has let the caller
-- in, who showed the recruiter's phone or another one, or none; else "".
-- usage: what the day has seen so far.
local function connect(keys, found, now, by_code, usage)
  local minutes = math.ceil(args.lease / 60)
  local guard = found.session[found.other .. "_guard"]
  count_usage(usage, { calls = 1, minutes = minutes })
  local leases = read_leases(redis.call("HGET", keys.leases, found.id) or "", now)
  local till = whole(math.ceil(now + args.lease))
  leases[#leases + 1] = {
    sid = args.call_sid, till = till, decided_at = whole(now),
    holds = "1", successors = "",
  }
  store_leases(keys.leases, found.id, leases)
  note_unended(keys, found.id, args.call_sid, till)
  redis.call("HSET", keys.call, "session", found.id, "side", found.side, "status", "ringing",
    "number", found.session.number, "rank", "0", "started_at", whole(now),
    "attestation", args.attestation, "by_code", by_code, "guard", guard, "minutes", minutes)
  redis.call("EXPIRE", keys.call, args.retention)
  list_interaction(keys, found.id, whole(now), args.call_sid)
  return connecting(keys, found, guard)
end

local function is_open_for_calls(found)
  return found.state == "open" and string.find(found.session.channels, "v", 1, true) ~= nil
end

local function connect_within_limits(keys, found, now, by_code)
  local usage = read_usage(found.id, found.session, found.side, day_of(now))
  local reached = limit_on_calls(usage)
  if reached then
    return { "over_limit", found.id, found.side, found.record, reached }
  end
  return connect(keys, found, now, by_code, usage)
end

-- The answer for what was found: connected when it is open for calls, within the day's limits.
local function connect_if_open(keys, found, now, by_code)
  local state = found.state
  if is_open_for_calls(found) then
    return connect_within_limits(keys, found, now, by_code)
  elseif state == "open" then
    state = "no_voice"
  end
  if found.side then
    return { state, found.id, found.side, found.record }
  end
  return { state }
end
