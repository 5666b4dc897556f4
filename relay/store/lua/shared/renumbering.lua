-- A session gets another number. On the one that it leaves, a closed session (its trace) takes its
-- place until that has cooled, so that late calls there reach nobody (P1).
-- keys: sessions codes leases met_phones=phone(met*)
-- args: now:number met:list
-- uses: session closing batching bindings rebinding former_phones codes load occupancy leases
--
-- found: the session's id, record (session), pool (keys) and renumbering, which is its trace's id
-- and signature, the draws of its pair, and the ordinal and number that it gets.
-- met: indexes of all phones bound to such sessions, left ones too.

-- Adds a side's binding of now to what cools, with the end of its cooldown before it.
local function cool(cooling, found, id, role)
  local pool, session = found.pool, found.session
  pool.cooldowns = pool.cooldowns or cooldowns_of(pool)
  cooling[#cooling + 1] = args.now + pool.cooldowns[role]
  cooling[#cooling + 1] = cooling_member(session.ordinal, role, session[role .. "_index"], id)
end

-- By their indexes.
local function phones_met()
  local phones = {}
  for position, index in ipairs(args.met) do
    phones[index] = keys.met_phones[position]
  end
  return phones
end

-- Whether all phones that a session is bound to are among those given.
local function has_met_all(session, phones)
  local met = phones[session.recruiter_index] and phones[session.candidate_index]
  each_former(session, function(_, index)
    met = met and phones[index]
  end)
  return met
end

-- Phones that left the session before, and still cool, cool on for the trace.
local function hand_over_former(found, trace_id, phones)
  local session, pool = found.session, found.pool
  each_former(session, function(left_by, index)
    local member = cooling_member(session.ordinal, left_by, index, found.id)
    local till = redis.call("ZSCORE", pool.cooling, member)
    if till then
      redis.call("ZREM", pool.cooling, member)
      local of_trace = cooling_member(session.ordinal, left_by, index, trace_id)
      redis.call("ZADD", pool.cooling, till, of_trace)
      rebind(phones[index], session.number, found.id, trace_id)
    end
  end)
end

-- The trace stands for the session on its number: bindings, code and calls in progress; it cools.
local function leave_trace(found, phones)
  local session, trace_id, cooling = found.session, found.renumbering.trace, {}
  local trace = read_session(pack_session(session))
  trace.status, trace.closed_at, trace.closed_reason = "closed", whole(args.now), "renumbered"
  trace.signature, trace.former = found.renumbering.signature, ""
  hand_over_former(found, trace_id, phones)
  for _, role in ipairs({ "recruiter", "candidate" }) do
    rebind(phones[session[role .. "_index"]], session.number, found.id, trace_id)
    cool(cooling, found, trace_id, role)
  end
  in_batches("ZADD", found.pool.cooling, cooling)
  redis.call("HSET", keys.codes, session.number .. ":" .. session.code, trace_id)
  redis.call("HSET", keys.sessions, trace_id, pack_session(trace))
  share_leases(keys.leases, found.id, trace_id, args.now)
  session.previous, session.former, session.bindings = trace_id, "", "2"
end

-- sides: by role the phone that the session has from now on.
local function renumber(found, sides, phones)
  local given, session, pool = found.renumbering, found.session, found.pool
  leave_trace(found, phones)
  occupy(pool, { [session.ordinal] = -1 })
  occupy(pool, { [given.ordinal] = 1 })
  for _, role in ipairs({ "recruiter", "candidate" }) do
    bind(pool, sides[role], role, given.number, given.ordinal, found.id)
    session[role .. "_index"] = sides[role].index
  end
  session.code = give_code(
    keys, given.number, found.id, load_number(pool, given.number), given.draws, session.code)
  session.number, session.ordinal = given.number, given.ordinal
  local on_number = redis.call("HGET", sides.recruiter.phone, given.number)
  session.code_needed = is_several(on_number) and "1" or ""
  redis.call("HSET", keys.sessions, found.id, pack_session(session))
end
