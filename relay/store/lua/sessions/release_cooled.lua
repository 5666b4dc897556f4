-- release_cooled: frees the bindings of one batch whose cooldown is over.
-- keys: cooling leases ordinals nodes=node(batch.index)
-- args: now:number retention:number batch:records(member index)
-- uses: session batching leases unbinding letting_go
--
-- The batch was read before; each member (ordinal:role:index:session) is looked at again here, so
-- that a pair that has come back meanwhile keeps its number. A pair with a call in progress is
-- looked at when its lease ends (P5). Safe to run twice.

-- Members that have cooled, as {member, role, ordinal, id, node}; others get another time.
local function cooled_ones()
  local members, ids = {}, {}
  for position, each in ipairs(args.batch) do
    members[position] = each.member
    ids[position] = string.match(each.member, "^%d+:%a+:[^:]+:(.+)$")
  end
  local scores, leases = read_scores(keys.cooling, members), read_fields(keys.leases, ids)
  local cooled = {}
  for position, member in ipairs(members) do
    if scores[position] and tonumber(scores[position]) <= args.now then
      local id, node = ids[position], keys.nodes[position]
      local busy = busy_until(keys.leases, id, leases[position], args.now)
      if busy then
        redis.call("ZADD", keys.cooling, busy, member)
      else
        local ordinal, role, index = string.match(member, "^(%d+):(%a+):([^:]+):")
        node.index = index
        cooled[#cooled + 1] = {
          member = member, role = role, ordinal = ordinal, id = id, node = node,
        }
      end
    end
  end
  return cooled
end

local function pluck(list, field)
  local values = {}
  for position, each in ipairs(list) do
    values[position] = each[field]
  end
  return values
end

-- Those whose number is still in the pool, with it.
local function bindings_of(cooled)
  local bindings = {}
  for position, number in ipairs(read_fields(keys.ordinals, pluck(cooled, "ordinal"))) do
    if number then
      cooled[position].number = number
      bindings[#bindings + 1] = cooled[position]
    end
  end
  return bindings
end

-- One for each session that is kept, with how many of its bindings have cooled. Read when all have
-- been let go: that may change other sessions' records.
local function drops_of(cooled)
  local ids, counts, drops = {}, {}, {}
  for _, each in ipairs(cooled) do
    if not counts[each.id] then
      ids[#ids + 1], counts[each.id] = each.id, 0
    end
    counts[each.id] = counts[each.id] + 1
  end
  for position, record in ipairs(read_fields(keys.sessions, ids)) do
    if record then
      local id = ids[position]
      drops[#drops + 1] = { id = id, session = read_session(record), count = counts[id] }
    end
  end
  return drops
end

local cooled = cooled_ones()
in_batches("ZREM", keys.cooling, pluck(cooled, "member"))
unbind(keys, bindings_of(cooled))
drop_bindings(keys, drops_of(cooled), args.now + args.retention)
