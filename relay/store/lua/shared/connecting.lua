-- A call that will be connected is put on record with its lease.
-- keys: sessions leases interactions call=call(call_sid)
-- args: call_sid lease:number repeatable:number retention:number attestation
-- uses: session leases
--
-- A CallSid gets its Dial once: the same answer again for `repeatable` seconds (the carrier repeats
-- webhooks), "replayed" after that, so that a captured webhook is no way to look a number up. The
-- answer given first holds when the session ends meanwhile, unless that revokes calls, too.
--
-- `lease` is how many seconds a call can last at most, `retention` how many its record is kept,
-- `attestation` is "A", "B", "C" or "".

-- The answer that a call on record has had; nil for a new one.
local function answered_before(keys, now)
  local begun = redis.call("HMGET", keys.call, "session", "side")
  local id, side = begun[1], begun[2]
  if not id then
    return nil
  end
  local record = redis.call("HGET", keys.sessions, id)
  for _, known in ipairs(read_leases(redis.call("HGET", keys.leases, id) or "", now)) do
    if known.sid == args.call_sid and record and known.sealed ~= ""
      and now - tonumber(known.decided_at) <= args.repeatable
    then
      return { "connect", id, side, record, known.sealed }
    end
  end
  return record and { "replayed", id, side, record, "" } or { "replayed" }
end

-- found: id, session, record, side, other.
local function connect(keys, found, now)
  local counterpart = found.session[found.other .. "_sealed"]
  local leases = read_leases(redis.call("HGET", keys.leases, found.id) or "", now)
  leases[#leases + 1] = {
    sid = args.call_sid, till = whole(math.ceil(now + args.lease)), decided_at = whole(now),
    sealed = counterpart, successors = "",
  }
  store_leases(keys.leases, found.id, leases)
  redis.call("HSET", keys.call, "session", found.id, "side", found.side, "status", "ringing",
    "number", found.session.number, "rank", "0", "started_at", whole(now),
    "attestation", args.attestation)
  redis.call("EXPIRE", keys.call, args.retention)
  redis.call("ZADD", keys.interactions, 0,
    table.concat({ found.id, whole(now), args.call_sid }, "\t"))
  return { "connect", found.id, found.side, found.record, counterpart }
end

-- The answer for what was found: connected when it is open for calls.
local function connect_if_open(keys, found, now)
  local state = found.state
  if state == "open" and not string.find(found.session.channels, "v", 1, true) then
    state = "no_voice"
  end
  if state == "open" then
    return connect(keys, found, now)
  elseif found.side then
    return { state, found.id, found.side, found.record, "" }
  end
  return { state }
end
