-- Closing all open sessions of somebody who loses their phone, in whatever pools they are.
-- keys: pools=whole_pool(pools*) counterparts=sessions_of(other_role closings.counterpart)
-- args: now:number role other_role pools:list closings:records(id counterpart)
-- uses: closing pool_of
--
-- closings: the person's open sessions, as the caller has seen them, and pools theirs.

local function pools_by_name()
  local pools = {}
  for position, pool in ipairs(keys.pools) do
    pools[args.pools[position]] = setmetatable(pool, { __index = keys })
  end
  return pools
end

-- Returns the closings by pool; nil when the person has an open session that the caller has not
-- seen.
local function plan_closings(pools, theirs, reason)
  local seen, by_pool = {}, {}
  for position, each in ipairs(args.closings) do
    seen[each.id] = keys.counterparts[position]
  end
  local ids = redis.call("HVALS", theirs.open)
  for position, record in ipairs(read_fields(keys.sessions, ids)) do
    local id = ids[position]
    local pool = pools[pool_of(id)]
    if not seen[id] or not pool then
      return nil
    end
    local sides = { [args.role] = theirs, [args.other_role] = seen[id] }
    by_pool[pool] = by_pool[pool] or {}
    table.insert(by_pool[pool], closing_of(id, read_session(record), sides, reason, args.now))
  end
  return by_pool
end

local function close_all(by_pool)
  for pool, closings in pairs(by_pool) do
    close_sessions(pool, closings, true)
  end
end
