-- release_cooled: frees the bindings of one batch whose cooldown is over.
-- keys: cooling leases ordinals nodes=node(batch.index)
-- args: now:number retention:number batch:records(member index)
-- uses: session batching leases bindings letting_go
--
-- The batch was read before; each member (ordinal:role:index:session) is looked at again here, so
-- that a pair that has come back meanwhile keeps its number. A pair with a call in progress is
-- looked at when its lease ends (P5). Safe to run twice. Answers how many bindings were freed.

-- Members that have cooled, as {member, role, ordinal, id, node}; others get another time.
local function cooled_ones()
  local cooled = {}
  for position, each in ipairs(args.batch) do
    local score = redis.call("ZSCORE", keys.cooling, each.member)
    if score and tonumber(score) <= args.now then
      local ordinal, role, index, id = string.match(each.member, "^(%d+):(%a+):([^:]+):(.+)$")
      local node, busy = keys.nodes[position], busy_until(keys.leases, id, args.now)
      node.index = index
      if busy then
        redis.call("ZADD", keys.cooling, busy, each.member)
      else
        cooled[#cooled + 1] = {
          member = each.member, role = role, ordinal = ordinal, id = id, node = node,
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

local cooled, freed = cooled_ones(), 0
in_batches("ZREM", keys.cooling, pluck(cooled, "member"))
local numbers = read_fields(keys.ordinals, pluck(cooled, "ordinal"))
for position, each in ipairs(cooled) do
  local number = numbers[position]
  if number and unbind(keys, each.node, each.role, number, each.ordinal, each.id) then
    freed = freed + 1
  end
  -- Read after that: letting go of the binding may have changed the record.
  local record = redis.call("HGET", keys.sessions, each.id)
  if record then
    drop_bindings(keys, each.id, read_session(record), 1, args.now + args.retention)
  end
end
return freed
