-- move_bindings: what a phone is bound by, and what waits for it, moves from one of its indexes to
-- another.
-- keys: from=phone(from_index) to=phone(to_index) sessions lanes sending
--       pools=whole_pool(pools*) from_nodes=node_in(nodes.pool nodes.from)
--       to_nodes=node_in(nodes.pool nodes.to) messages=message(waiting*)
-- args: from_index to_index pools:list nodes:records(pool from to) waiting:list
-- uses: session batching pool_of lanes former_phones
--
-- Both are of the same phone, under two keys of the ring: it is one node still (P1). pools: those
-- of its sessions; waiting: messages on its lanes; both as the caller has seen them. Safe to run
-- twice.
--
-- Answers "moved", "nothing" (it has no bindings there), "both" (it has some here, too), or "again"
-- (there is more than the caller has seen).
local ROLES = { "recruiter", "candidate" }

local function by_pool()
  local pools = {}
  for position, name in ipairs(args.pools) do
    pools[name] = keys.pools[position]
    pools[name].from, pools[name].to = keys.from_nodes[position], keys.to_nodes[position]
  end
  return pools
end

local function read_held()
  local held, numbers, ids = redis.call("HGETALL", keys.from), {}, {}
  for position = 1, #held, 2 do
    numbers[#numbers + 1] = held[position]
    for id in string.gmatch(held[position + 1], "[^ ]+") do
      ids[#ids + 1] = id
    end
  end
  return numbers, ids
end

-- The lanes' entries with their messages; nil when the caller has not seen one of them.
local function read_waiting(numbers)
  local known, found = {}, {}
  for position, id in ipairs(args.waiting) do
    known[id] = keys.messages[position]
  end
  for _, number in ipairs(numbers) do
    local lane = number .. ":" .. args.from_index
    local entries = redis.call("ZRANGEBYLEX", keys.lanes,
      "[" .. lane .. "\t", "(" .. lane .. "\n")
    for _, entry in ipairs(entries) do
      local message = known[string.match(entry, "\t([^\t]*)$")]
      if not message then
        return nil
      end
      found[#found + 1] = { entry = entry, message = message, number = number }
    end
  end
  return found
end

local function move_score(key, before, after)
  local score = redis.call("ZSCORE", key, before)
  if score then
    redis.call("ZREM", key, before)
    redis.call("ZADD", key, score, after)
  end
end

local function move_key(before, after)
  if redis.call("EXISTS", before) == 1 then
    redis.call("RENAME", before, after)
  end
end

local function move_node(pool)
  for _, role in ipairs(ROLES) do
    move_key(pool.from.used[role], pool.to.used[role])
    move_score(pool.degrees[role], args.from_index, args.to_index)
  end
  move_key(pool.from.shared, pool.to.shared)
  move_score(pool.degrees.both, args.from_index, args.to_index)
  move_score(pool.sharing, args.from_index, args.to_index)
end

local function move_cooling(pool, ordinal, id)
  for _, role in ipairs(ROLES) do
    local prefix = ordinal .. ":" .. role .. ":"
    move_score(pool.cooling, prefix .. args.from_index .. ":" .. id,
      prefix .. args.to_index .. ":" .. id)
  end
end

local function move_in_session(session)
  for _, role in ipairs(ROLES) do
    if session[role .. "_index"] == args.from_index then
      session[role .. "_index"] = args.to_index
    end
  end
  local former = {}
  each_former(session, function(role, index)
    former[#former + 1] = role .. ":" .. (index == args.from_index and args.to_index or index)
  end)
  session.former = table.concat(former, ",")
end

local function move_sessions(pools, ids)
  local records = {}
  for position, record in ipairs(read_fields(keys.sessions, ids)) do
    if record then
      local id, session = ids[position], read_session(record)
      move_cooling(pools[pool_of(id)], session.ordinal, id)
      move_in_session(session)
      records[#records + 1], records[#records + 2] = id, pack_session(session)
    end
  end
  in_batches("HSET", keys.sessions, records)
end

local function move_lanes(waiting, numbers)
  for _, each in ipairs(waiting) do
    local entry = each.number .. ":" .. args.to_index .. string.match(each.entry, "\t.*$")
    redis.call("ZREM", keys.lanes, each.entry)
    redis.call("ZADD", keys.lanes, 0, entry)
    redis.call("HSET", each.message, "index", args.to_index, "lane_entry", entry)
  end
  for _, number in ipairs(numbers) do
    local lane = number .. ":" .. args.from_index
    local held = redis.call("HGET", keys.sending, lane)
    if held then
      redis.call("HDEL", keys.sending, lane)
      redis.call("HSET", keys.sending, number .. ":" .. args.to_index, held)
    end
  end
end

if redis.call("EXISTS", keys.from) == 0 then
  return "nothing"
elseif redis.call("EXISTS", keys.to) == 1 then
  return "both"
end
local pools, numbers, ids = by_pool(), read_held()
for _, id in ipairs(ids) do
  if not pools[pool_of(id)] then
    return "again"
  end
end
local waiting = read_waiting(numbers)
if not waiting then
  return "again"
end
for _, pool in pairs(pools) do
  move_node(pool)
end
move_sessions(pools, ids)
move_lanes(waiting, numbers)
redis.call("RENAME", keys.from, keys.to)
return "moved"
