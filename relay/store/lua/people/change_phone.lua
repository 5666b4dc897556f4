-- change_phone: gives a person another phone, with all their open sessions, on the same virtual
-- numbers; or changes nothing but what has been compared. Late calls from the old phone reach
-- nobody: its bindings cool from now (P1).
-- keys: theirs=sessions_of(role ref) given_up=holder(given_up*)
--       loser=person(role loser) loser_sessions=sessions_of(role loser)
--       new_phones=phone(indexes*) new_nodes=node_in(new_nodes.pool new_nodes.index)
--       other_nodes=node_in(renumberings.pool renumberings.other_index)
--       areas=area_in(renumberings.pool renumberings.area)
--       new_stops=stopped(indexes*) other_stops=stopped(renumberings.other_index)
--       others_new=new_counterparts(other_role others*)
-- args: take_over:flag loser reason given_up:list others:list most_new:number
--       new_nodes:records(pool index)
--       renumberings:records(id trace signature draws pool other_index area other_stopped_at)
-- uses: session batching given_person keeping_seals closing_all revoking bindings renumbering
--       former_phones choosing stops occupancy new_counterparts
--
-- Where the new phone has a binding on the number of an open session, that session is in the way,
-- unless it is among the renumberings: it gets another number, as a new pair would, and leaves a
-- closed session (its trace) on the old one until that has cooled. Bindings that this very person
-- has left in these very sessions, and that still cool, are taken up again. With take_over the
-- candidate who has the phone (loser) loses it and their sessions.
--
-- given_up: a candidate's indexes on record; area: "" where the policy does not look at it; others:
-- refs of the other sides of the person's open sessions. First everything is looked at and planned,
-- then written, per number and not per session. Safe to run twice.
--
-- The new phone is compared with that of each other side, and is a new counterpart of theirs, as a
-- new session's would be: they get `most_new` a day.
--
-- Answers {"changed", sessions moved} | {"held"} (by another candidate) | {"too_many", seconds}
-- (new counterparts) | {"same_phone", ids} (the new phone is the other side's) | {"bound", ids} (in
-- the way) | {"exhausted", id} | {"again"} (something is not as the caller has seen it).
local index_field, other_field = args.role .. "_index", args.other_role .. "_index"
local pools = pools_by_name()

-- --- what there is -------------------------------------------------------------------------------

local function living_index()
  for position, key in ipairs(keys.new_phones) do
    if redis.call("EXISTS", key) == 1 then
      return args.indexes[position], key
    end
  end
  return args.indexes[1], keys.new_phones[1]
end

local new_index, new_phone = living_index()

-- The new phone in each pool.
local function new_node_by_pool()
  local nodes = {}
  for position, given in ipairs(args.new_nodes) do
    if given.index == new_index then
      local node = keys.new_nodes[position]
      node.index, node.taken = new_index, {}
      nodes[pools[given.pool]] = node
    end
  end
  return nodes
end

-- By ref of the other side, the key of their new counterparts.
local function others_new_by_ref()
  local found = {}
  for position, ref in ipairs(args.others) do
    found[ref] = keys.others_new[position]
  end
  return found
end

-- The person's live sessions, by id and in order; nil when one is in a pool without keys, or with
-- somebody without a key.
local function read_live(nodes)
  local ids, live, order = redis.call("HVALS", keys.theirs.open), {}, {}
  local others_new = others_new_by_ref()
  for position, record in ipairs(read_fields(keys.sessions, ids)) do
    local id, session = ids[position], read_session(record)
    if args.now < tonumber(session.expires_at) then
      local pool = pools[pool_of(id)]
      local of_other = others_new[session[args.other_role]]
      if not pool or not nodes[pool] or not of_other then
        return nil
      end
      live[id] = { id = id, session = session, pool = pool, others_new = of_other }
      order[#order + 1] = live[id]
    end
  end
  return live, order
end

-- When the binding that the person has left on this session stops cooling; false when there is
-- none.
local function cooled_until(found)
  return has_left(found.session, args.role, new_index)
    and redis.call("ZSCORE", found.pool.cooling,
      cooling_member(found.session.ordinal, args.role, new_index, found.id))
end

-- Counts the new phone for each other side. Returns the seconds to wait after too many, or nil.
local function count_for_others(order)
  local people, mark = {}, mark_of(args.indexes[1])
  for position, found in ipairs(order) do
    people[position] = { key = found.others_new, mark = mark, most = args.most_new }
  end
  return count_new_counterparts(people)
end

-- What the new phone holds on the numbers of these sessions, by number.
local function read_held(order)
  local numbers, held = {}, {}
  for _, found in ipairs(order) do
    if held[found.session.number] == nil then
      held[found.session.number] = false
      numbers[#numbers + 1] = found.session.number
    end
  end
  for position, ids in ipairs(read_fields(new_phone, numbers)) do
    held[numbers[position]] = ids
  end
  return held, numbers
end

-- Whether all that the new phone holds there is what this person has left.
local function is_clear(held, live)
  for id in string.gmatch(held or "", "[^ ]+") do
    if not live[id] or not live[id].cooled_until then
      return false
    end
  end
  return true
end

-- --- the plan ------------------------------------------------------------------------------------

local function renumberings_by_id()
  local found = {}
  for position, given in ipairs(args.renumberings) do
    given.node, given.area_key = keys.other_nodes[position], keys.areas[position]
    given.stops, given.node.index = keys.other_stops[position], given.other_index
    found[given.id] = given
  end
  return found
end

-- Sorts the live sessions: those that stay on their number, by number; those that get another one;
-- and those for which the change is refused.
local function sort_sessions(live, order, held)
  local plan = { stays = {}, moves = {}, bound = {}, same = {} }
  local renumberings, is_new = renumberings_by_id(), {}
  for _, index in ipairs(args.indexes) do
    is_new[index] = true
  end
  for _, found in ipairs(order) do
    found.cooled_until = cooled_until(found)
  end
  for _, found in ipairs(order) do
    local session, given = found.session, renumberings[found.id]
    if is_new[session[other_field]] then
      plan.same[#plan.same + 1] = found.id
    elseif is_clear(held[session.number], live) then
      plan.stays[session.number] = plan.stays[session.number] or { number = session.number }
      table.insert(plan.stays[session.number], found)
    elseif given then
      found.renumbering = given
      plan.moves[#plan.moves + 1] = found
    else
      plan.bound[#plan.bound + 1] = found.id
    end
  end
  return plan
end

-- Ordinals of a pool that would carry as many sessions as its policy lets them.
local function note_filled(pool, ordinal)
  pool.planned = pool.planned or {}
  pool.filled = pool.filled or {}
  pool.planned[ordinal] = (pool.planned[ordinal] or 0) + 1
  local most = most_sessions(pool)
  local busy = tonumber(redis.call("ZSCORE", pool.busy, ordinal) or "0")
  if most and busy + pool.planned[ordinal] >= most then
    table.insert(pool.filled, ordinal)
  end
end

-- Chooses a number for each session that gets another one, heeding what is planned for the others.
-- Returns the session for which there is none, or nil.
local function choose_numbers(plan, nodes)
  local taken_by = {}
  for _, group in pairs(plan.stays) do
    table.insert(nodes[group[1].pool].taken, group[1].session.ordinal)
  end
  for _, found in ipairs(plan.moves) do
    local given, node = found.renumbering, nodes[found.pool]
    local other = given.node
    taken_by[other.phone] = taken_by[other.phone] or {}
    other.taken = taken_by[other.phone]
    local stopped = add_stopped_numbers(add_stopped_numbers({}, keys.new_stops), { given.stops })
    local area = given.area ~= "" and given.area_key
    local request = request_of(found.pool, found.session.channels, area, stopped)
    request.filled = found.pool.filled or {}
    local sides = { [args.role] = node, [args.other_role] = other }
    given.ordinal, given.number = choose(found.pool, request, sides.recruiter, sides.candidate)
    if not given.ordinal then
      return found
    end
    table.insert(node.taken, given.ordinal)
    table.insert(other.taken, given.ordinal)
    note_filled(found.pool, given.ordinal)
  end
  return nil
end

-- --- writing -------------------------------------------------------------------------------------

-- The new phone's bindings on one number: those it has, and one for each session that has none yet.
-- Returns them as its hash holds them, how many are new, and whether the recruiter needs a code
-- there.
local function bindings_on(group, held)
  local ids, added = { held or nil }, 0
  for _, found in ipairs(group) do
    if not found.cooled_until then
      ids[#ids + 1] = found.id
      added = added + 1
    end
  end
  local text = table.concat(ids, " ")
  return text, added, is_several(text) and "1" or ""
end

-- Binds the new phone on one number. Returns how many bindings it has more.
local function take_up(group, held, node, phone_values)
  local text, added, code_needed = bindings_on(group, held)
  local pool, ordinal = group[1].pool, group[1].session.ordinal
  phone_values[#phone_values + 1], phone_values[#phone_values + 2] = group.number, text
  redis.call("SETBIT", node.used[args.role], ordinal, 1)
  if code_needed == "1" and not is_several(held) then
    begin_sharing(pool, node, ordinal)
  end
  for _, found in ipairs(group) do
    if args.role == "recruiter" then
      found.session.code_needed = code_needed
    end
  end
  return added
end

-- A session leaves the old phone for the new one; the old binding cools.
local function move_session(found, cooling, taken_up)
  local session = found.session
  if found.cooled_until then
    taken_up[#taken_up + 1] = cooling_member(session.ordinal, args.role, new_index, found.id)
  else
    session.bindings = whole(tonumber(session.bindings) + 1)
  end
  cool(cooling, found, found.id, args.role)
  note_leaving(session, args.role, session[index_field], new_index)
  session[index_field] = new_index
end

local function write_moved(plan, held, nodes)
  local phone_values, records, by_pool, moved = {}, {}, {}, 0
  for _, group in pairs(plan.stays) do
    local pool = group[1].pool
    by_pool[pool] = by_pool[pool] or { added = 0, cooling = {}, taken_up = {} }
    local totals = by_pool[pool]
    totals.added = totals.added + take_up(group, held[group.number], nodes[pool], phone_values)
    for _, found in ipairs(group) do
      move_session(found, totals.cooling, totals.taken_up)
      records[#records + 1], records[#records + 2] = found.id, pack_session(found.session)
      moved = moved + 1
    end
  end
  in_batches("HSET", new_phone, phone_values)
  in_batches("HSET", keys.sessions, records)
  for pool, totals in pairs(by_pool) do
    count_bindings(pool, nodes[pool], args.role, totals.added)
    in_batches("ZREM", pool.cooling, totals.taken_up)
    in_batches("ZADD", pool.cooling, totals.cooling)
  end
  return moved
end

local function write_renumbered(plan, nodes)
  local phones = phones_met()
  for _, found in ipairs(plan.moves) do
    local sides = { [args.role] = nodes[found.pool], [args.other_role] = found.renumbering.node }
    local given = found.renumbering
    carry_stop(given.stops, given.other_stopped_at, given.number)
    renumber(found, sides, phones)
  end
  return #plan.moves
end

local function write_person()
  for _, key in ipairs(keys.given_up) do
    if redis.call("GET", key) == args.ref then
      redis.call("DEL", key)
    end
  end
  write_phone(person, true)
  write_details(person)
end

local function write_loser()
  drop_seal(args.role .. ":" .. args.loser, keys.loser)
  redis.call("HDEL", keys.loser, "indexes", "hint", "country")
  redis.call("HSET", keys.loser, "status", "without_phone", "updated_at", whole(args.now))
end

-- Whether the caller has seen who has the phone and who the other sides are, and given the keys of
-- all phones that are met.
local function has_seen_all(plan, holder)
  local phones = phones_met()
  for _, found in ipairs(plan.moves) do
    local session, given = found.session, found.renumbering
    local seen = given.other_index == session[other_field]
      and redis.call("HEXISTS", keys.sessions, given.trace) == 0
      and has_met_all(session, phones)
    if not seen then
      return false
    end
  end
  return (holder or "") == args.loser
end

-- --- main ----------------------------------------------------------------------------------------

local known = redis.call("HMGET", keys.person, "status", "indexes")
if known[1] == "active" and is_same_phone(person, known[2]) then
  return { "changed", 0 }
end
local holder = other_holder(person)
if holder and not args.take_over then
  return { "held" }
end
local nodes = new_node_by_pool()
local live, order = read_live(nodes)
if not live
  or args.role == "candidate" and (known[2] or "") ~= table.concat(args.given_up, ",")
then
  return { "again" }
end
local wait = count_for_others(order)
if wait then
  return { "too_many", wait }
end
local held, numbers = read_held(order)
local plan = sort_sessions(live, order, held)
if #plan.same > 0 then
  return { "same_phone", plan.same }
elseif #plan.bound > 0 then
  for _, found in ipairs(plan.moves) do
    plan.bound[#plan.bound + 1] = found.id
  end
  return { "bound", plan.bound }
end
local closings = holder and plan_closings(pools, keys.loser_sessions, args.reason)
if holder and not closings or not has_seen_all(plan, holder) then
  return { "again" }
end
local without = choose_numbers(plan, nodes)
if without then
  return { "exhausted", without.id }
end
if holder then
  close_all(closings)
  revoke_calls_of(args.role, holder, 0)
  write_loser()
end
local moved = write_moved(plan, held, nodes) + write_renumbered(plan, nodes)
write_person()
return { "changed", moved }
