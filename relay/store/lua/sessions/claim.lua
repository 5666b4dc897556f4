-- claim: gives a pair its virtual number, or its open session back. One atomic step, so that two
-- web processes can never hand out the same binding, whatever pools they think of (P1).
-- keys: recruiter_sessions=sessions_of("recruiter" recruiter_ref)
--       candidate_sessions=sessions_of("candidate" candidate_ref)
--       area_numbers=area(area)
--       recruiter_nodes=node(recruiter_indexes*) candidate_nodes=node(candidate_indexes*)
--       new_recruiters=new_counterparts("candidate" candidate_ref)
--       new_candidates=new_counterparts("recruiter" recruiter_ref)
--       recruiter_stops=stopped(recruiter_indexes*) candidate_stops=stopped(candidate_indexes*)
-- args: now:number id signature latest latest_signature pool recruiter_ref candidate_ref channels?
--       changes_context:flag context expires_at extend:flag area retention:number
--       recruiter_indexes:list candidate_indexes:list take_over:flag draws
--       most_new_recruiters:number most_new_candidates:number
-- uses: session batching entering leases occupancy closing load letting_go bindings rebinding
--       codes choosing charging naming_reasons stops present_phones new_counterparts
--
-- A pair that has an open session gets that one. One that comes back gets its old number where
-- that is still free for both, else the one that shared/choosing.lua finds. Safe to run twice: the
-- proposed id tells a repeated claim from a new one.
--
-- signature: of the proposed id with these two people; latest, latest_signature: the same of the
-- pair's latest session, as far as the caller knows it. An open session is signed anew that way,
-- under the key that signs now.
--
-- draws: of the pair's codes, under each key of the ring. An open session with another code, which
-- is planted or of a key that has gone, is closed as one that has expired.
--
-- The indexes are those on record when the caller looked, or of the phones that the request gives,
-- and say which keys it may touch; extend: an expiry was asked for, not the default; area: the
-- candidate's area code, or "". An open session keeps channels and context that are not given.
--
-- Somebody whose given phone is not the one on record, or is another candidate's, needs another
-- script first. Here it is only seen whether the session would be possible then, so that a request
-- that is refused changes nobody.
--
-- To open a session is to have two phones compared, since one phone cannot be both, and either may
-- be a guess: so a person gets so many new counterparts a day.
--
-- Answers {"created" | "existing" | "incapable" | "elsewhere", id, record}, where the last two are
-- an open session on a number that cannot do what is asked now, and one in another pool; |
-- {"exhausted", reason, numbers that two new people would get one of} | {"same_phone"} |
-- {"too_many", seconds} (new counterparts) | {"too_many_guesses", seconds} | {"held"} (another
-- candidate has the phone) | {"phone", role} (it is possible when that person has the given phone)
-- | {"taken"} (draw another id) | {"again"} (the people are others by now: look again).
local ROLES, EVERY_CHANNEL = { "recruiter", "candidate" }, "vs"

-- The pair's latest session: its id ("" for none), record and fields. It may be in any pool.
local function read_latest()
  local id = redis.call("HGET", keys.recruiter_sessions.open, args.candidate_ref)
    or redis.call("HGET", keys.recruiter_sessions.past, args.candidate_ref) or ""
  local record = id ~= "" and redis.call("HGET", keys.sessions, id)
  local is_here = string.sub(id, 1, #args.pool + 1) == args.pool .. "."
  return { id = id, record = record, session = record and read_session(record), is_here = is_here }
end

-- Counts a pair whose phones have no session on record, for each of the two. Returns the seconds to
-- wait when there were too many; nil when there were not.
local function count_pair(latest)
  if latest.session and has_present_phones(latest.session, keys.recruiter, keys.candidate) then
    return nil
  end
  local recruiter = mark_of(args.recruiter_indexes[1])
  local candidate = mark_of(args.candidate_indexes[1])
  return count_new_counterparts({
    { key = keys.new_recruiters, mark = recruiter, most = args.most_new_recruiters },
    { key = keys.new_candidates, mark = candidate, most = args.most_new_candidates },
  })
end

local function can_carry(request, ordinal)
  return not (request.voice and redis.call("GETBIT", keys.no_voice, ordinal) == 1)
    and not (request.sms and redis.call("GETBIT", keys.no_sms, ordinal) == 1)
end

-- The open session follows the request. Returns its record.
local function follow(latest)
  local session = latest.session
  session.channels = args.channels or session.channels
  if args.changes_context then
    session.context = args.context
  end
  if latest.id == args.latest then
    session.signature = args.latest_signature
  end
  if args.extend and tonumber(args.expires_at) > tonumber(session.expires_at) then
    session.expires_at = args.expires_at
    redis.call("ZADD", keys.due, args.expires_at, latest.id)
  end
  local record = pack_session(session)
  redis.call("HSET", keys.sessions, latest.id, record)
  return record
end

-- The answer where the pair has an open session; nil where it has none any more, which is tidied
-- up. changing: the role of somebody who must get another phone first, or nil.
local function return_existing(latest, request, changing)
  local session = latest.session
  if not session or session.status ~= "open" then
    return nil
  elseif not latest.is_here then
    return { "elsewhere", latest.id, latest.record }
  elseif tonumber(session.expires_at) <= args.now
    or not has_present_phones(session, keys.recruiter, keys.candidate)
    or not is_cut_from(args.draws, session.code)
  then
    local sides = { recruiter = keys.recruiter_sessions, candidate = keys.candidate_sessions }
    close_sessions(keys, { closing_of(latest.id, session, sides, "expired", args.now) })
    return nil
  elseif latest.id == args.id then
    return { "created", args.id, latest.record }
  elseif args.channels and not can_carry(request, session.ordinal) then
    return { "incapable", latest.id, latest.record }
  elseif changing then
    return { "phone", changing }
  end
  return { "existing", latest.id, follow(latest) }
end

-- Whether the pair's last session still has this phone on its number. One that the other side had
-- then may not be reached by that side's calls.
local function still_binds(latest, node, role)
  return latest.session[role .. "_index"] == node.index
    and is_holder(node, latest.session.number, latest.id)
end

-- Nobody else is there, or only sessions that the recruiter's code told apart before, too.
local function is_free_again(latest, request, node, role)
  local held = redis.call("HGET", node.phone, latest.session.number)
  return not held
    or still_binds(latest, node, role) and (request.shares or not is_several(held))
end

-- shares: also where the recruiter has other sessions on the number by now, by a code.
local function may_come_back(latest, request, nodes, shares)
  local ordinal = latest.is_here and latest.session and latest.session.ordinal
  return ordinal
    and redis.call("HGET", keys.ordinals, ordinal) == latest.session.number
    and redis.call("GETBIT", keys.blocked, ordinal) == 0
    and redis.call("GETBIT", keys.full, ordinal) == 0
    and can_carry(request, ordinal)
    and not (request.sms and redis.call("GETBIT", keys.sms_unready, ordinal) == 1)
    and (is_free_again(latest, request, nodes.recruiter, "recruiter")
      or shares and redis.call("GETBIT", nodes.recruiter.used.candidate, ordinal) == 0)
    and is_free_again(latest, request, nodes.candidate, "candidate")
end

local function is_suppressed(request, number)
  for _, suppressed in ipairs(request.sms and request.suppressed or {}) do
    if suppressed == number then
      return true
    end
  end
  return false
end

-- Ordinal and number: the pair's old one, else one by the policy, else the old one by a code, or
-- though one of the two has stopped its texts. Nil when there is none.
local function choose_number(latest, request, nodes)
  local former = latest.session and latest.session.number
  if may_come_back(latest, request, nodes, false) and not is_suppressed(request, former) then
    return latest.session.ordinal, former
  end
  local ordinal, number = choose(keys, request, nodes.recruiter, nodes.candidate)
  if not ordinal and may_come_back(latest, request, nodes, request.shares) then
    return latest.session.ordinal, former
  end
  return ordinal, number
end

-- What still cools from the pair's last session on this number passes over to the new one.
local function take_over(latest, node, role, ordinal, number)
  redis.call("ZREM", keys.cooling, cooling_member(ordinal, role, node.index, latest.id))
  rebind(node.phone, number, latest.id, args.id)
  if role == "recruiter" then
    latest.session.code_needed = ""
  end
end

-- Binds both phones. Returns the session's code, and whether the recruiter needs it ("1" or "").
local function bind_pair(latest, nodes, ordinal, number)
  local returns, taken = latest.session and latest.session.number == number, 0
  for _, role in ipairs(ROLES) do
    if returns and still_binds(latest, nodes[role], role) then
      take_over(latest, nodes[role], role, ordinal, number)
      taken = taken + 1
    else
      bind(keys, nodes[role], role, number, ordinal, args.id)
    end
  end
  local sessions_on_number = load_number(keys, number)
  local code = returns and latest.session.code
  if code and is_cut_from(args.draws, code)
    and redis.call("HGET", keys.codes, number .. ":" .. code) == latest.id
  then
    redis.call("HSET", keys.codes, number .. ":" .. code, args.id)
  else
    code = give_code(keys, number, args.id, sessions_on_number, args.draws, code)
  end
  if taken > 0 then
    local dropped = { id = latest.id, session = latest.session, count = taken }
    drop_bindings(keys, { dropped }, args.now + args.retention)
    share_leases(keys.leases, latest.id, args.id, args.now)
  end
  return code, is_several(redis.call("HGET", nodes.recruiter.phone, number)) and "1" or ""
end

-- Writes the new session down. Returns its record.
local function record_session(people, nodes, latest, ordinal, number, code, code_needed)
  local record = pack_session({
    status = "open", number = number, ordinal = ordinal,
    recruiter = args.recruiter_ref, candidate = args.candidate_ref,
    recruiter_index = nodes.recruiter.index, candidate_index = nodes.candidate.index,
    created_at = whole(args.now), expires_at = args.expires_at, closed_at = "", closed_reason = "",
    code = code, channels = args.channels or EVERY_CHANNEL,
    recruiter_locale = people.recruiter.locale, candidate_locale = people.candidate.locale,
    recruiter_guard = people.recruiter.guard, candidate_guard = people.candidate.guard,
    bindings = "2", previous = latest.id, former = "",
    code_needed = code_needed, signature = args.signature, context = args.context,
  })
  redis.call("HSET", keys.sessions, args.id, record)
  redis.call("HSET", keys.recruiter_sessions.open, args.candidate_ref, args.id)
  redis.call("HSET", keys.candidate_sessions.open, args.recruiter_ref, args.id)
  redis.call("ZADD", keys.due, args.expires_at, args.id)
  redis.call("HINCRBY", keys.policy, "open_sessions", 1)
  charge("sessions", 1)
  occupy(keys, { [ordinal] = 1 })
  return record
end

-- Why there is no number. What a phone change will bring along counts, too.
local function why_exhausted(request, nodes)
  if #nodes.candidate.taken > 0 then
    nodes.candidate.taken = {}
    if choose(keys, request, nodes.recruiter, nodes.candidate) then
      return "candidate_on_every_number"
    end
  end
  return why_none(keys, request, nodes.recruiter, nodes.candidate)
end

local people = read_people()
if not people then
  return { "again" }
end
local wait = count_guesses(people)
if wait then
  return { "too_many_guesses", wait }
elseif people.candidate.holder and not args.take_over then
  return { "held" }
end
local latest, changing = read_latest(), who_changes(people)
wait = count_pair(latest)
if wait then
  return { "too_many", wait }
elseif args.recruiter_indexes[1] == args.candidate_indexes[1] then
  return { "same_phone" }
end
local stopped = add_stopped_numbers({}, keys.recruiter_stops)
add_stopped_numbers(stopped, keys.candidate_stops)
local area = args.area ~= "" and keys.area_numbers
local request = request_of(keys, args.channels or EVERY_CHANNEL, area, stopped)
local existing = return_existing(latest, request, changing)
if existing then
  if existing[1] == "existing" then
    enter(people)
  end
  return existing
elseif redis.call("HEXISTS", keys.sessions, args.id) == 1 then
  return { "taken" }
end
local nodes = {
  recruiter = living_node(keys.recruiter_nodes, args.recruiter_indexes),
  candidate = living_node(keys.candidate_nodes, args.candidate_indexes),
}
nodes.recruiter.taken = ordinals_moving(people.recruiter, keys.recruiter_sessions.open)
nodes.candidate.taken = ordinals_moving(people.candidate, keys.candidate_sessions.open)
local ordinal, number = choose_number(latest, request, nodes)
if not ordinal then
  return { "exhausted", why_exhausted(request, nodes), count_for_new_pairs(keys, request) }
elseif changing then
  return { "phone", changing }
end
enter(people)
local code, code_needed = bind_pair(latest, nodes, ordinal, number)
local record = record_session(people, nodes, latest, ordinal, number, code, code_needed)
return { "created", args.id, record }
