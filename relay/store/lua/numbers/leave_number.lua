-- leave_number: gives a batch of the open sessions on a lost number other numbers, by the pool's
-- policy, and tells both people of each from there. One for which no number is free is closed: what
-- is dialled on the old one may reach a stranger soon (P1).
-- keys: number(number) policy recruiter_nodes=node(batch.recruiter_index)
--       candidate_nodes=node(batch.candidate_index) areas=area(batch.area)
--       recruiters=sessions_of("recruiter" batch.recruiter)
--       candidates=sessions_of("candidate" batch.candidate)
--       recruiter_stops=stopped(batch.recruiter_index)
--       candidate_stops=stopped(batch.candidate_index)
--       recruiter_notices=message(batch.recruiter_notice)
--       candidate_notices=message(batch.candidate_notice)
-- args: number status reason notice_kind
--       batch:records(id trace signature draws area recruiter candidate recruiter_index
--       candidate_index recruiter_notice candidate_notice recruiter_stopped_at
--       candidate_stopped_at)
-- uses: session closing renumbering choosing stops writing_notices
--
-- The number has this status, with which nobody new gets it; reason is of those that are closed;
-- area: "" where the policy does not look at it. A session that is not as the caller has seen it is
-- left for the next time. Safe to run twice. Answers {ids renumbered, ids closed, ids of notices}.
local phones = phones_met()

-- Nil when the session has left the number, or is another one than the caller has seen.
local function read_found(given)
  local record = redis.call("HGET", keys.sessions, given.id)
  local session = record and read_session(record)
  if not session or session.status ~= "open" or session.number ~= args.number
    or session.recruiter_index ~= given.recruiter_index
    or session.candidate_index ~= given.candidate_index
    or redis.call("HEXISTS", keys.sessions, given.trace) == 1
    or not has_met_all(session, phones)
  then
    return nil
  end
  return { id = given.id, session = session, pool = keys, renumbering = given }
end

local function nodes_at(position)
  local given = args.batch[position]
  local recruiter, candidate = keys.recruiter_nodes[position], keys.candidate_nodes[position]
  recruiter.index, candidate.index = given.recruiter_index, given.candidate_index
  return { recruiter = recruiter, candidate = candidate }
end

-- Whether there is one.
local function choose_number(found, position, nodes)
  local given = found.renumbering
  local area = given.area ~= "" and keys.areas[position]
  local stops = { keys.recruiter_stops[position], keys.candidate_stops[position] }
  local request = request_of(keys, found.session.channels, area, add_stopped_numbers({}, stops))
  given.ordinal, given.number = choose(keys, request, nodes.recruiter, nodes.candidate)
  return given.ordinal
end

-- Answers the notices' ids: none where the new number cannot text, or to whom has stopped texts.
local function tell_both(found, position)
  local session, given, told = found.session, found.renumbering, {}
  local can_text = redis.call("GETBIT", keys.no_sms, session.ordinal) == 0
  local notices = { recruiter = keys.recruiter_notices, candidate = keys.candidate_notices }
  local stops = { recruiter = keys.recruiter_stops, candidate = keys.candidate_stops }
  for _, role in ipairs({ "recruiter", "candidate" }) do
    local stopped_at = given[role .. "_stopped_at"]
    if not carry_stop(stops[role][position], stopped_at, session.number) and can_text then
      local notice = {
        key = notices[role][position], id = given[role .. "_notice"], kind = args.notice_kind,
      }
      write_notice(notice, {
        session = found.id, side = role, number = session.number,
        index = session[role .. "_index"], locale = session[role .. "_locale"],
      })
      told[#told + 1] = notice.id
    end
  end
  return told
end

local function close_one(found, position)
  local sides = { recruiter = keys.recruiters[position], candidate = keys.candidates[position] }
  close_sessions(keys, { closing_of(found.id, found.session, sides, args.reason, args.now) })
end

local moved, closed, told = {}, {}, {}
if redis.call("HGET", keys.number, "status") ~= args.status then
  return { moved, closed, told }
end
for position, given in ipairs(args.batch) do
  local found = read_found(given)
  local nodes = nodes_at(position)
  if found and tonumber(found.session.expires_at) > args.now
    and choose_number(found, position, nodes)
  then
    renumber(found, nodes, phones)
    for _, notice in ipairs(tell_both(found, position)) do
      told[#told + 1] = notice
    end
    moved[#moved + 1] = given.id
  elseif found then
    close_one(found, position)
    closed[#closed + 1] = given.id
  end
end
return { moved, closed, told }
