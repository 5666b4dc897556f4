-- Bindings: for each phone a hash of virtual number → sessions (a recruiter's may be several,
-- parted by spaces), and in each pool by role a bitmap of the ordinals it is bound on and its
-- degree. They begin together, here, and end together in unbinding.lua.
-- keys: sessions degrees sharing
-- uses: session
--
-- A session's code_needed says that its recruiter's phone has several bindings on its number. It is
-- kept on the record, so that whoever reads that needs no other key.
--
-- A node is a phone in a pool: its index, phone (hash), used (bitmaps by role), shared (bitmap).

local OTHER_ROLE = { recruiter = "candidate", candidate = "recruiter" }

-- Nodes with their indexes.
local function nodes_of(nodes, indexes)
  for position, node in ipairs(nodes) do
    node.index = indexes[position]
  end
  return nodes
end

-- A phone keeps the index it was first bound under while index keys rotate. Returns the node that
-- has bindings, else the first, which is the writing key's.
local function living_node(nodes, indexes)
  for _, node in ipairs(nodes_of(nodes, indexes)) do
    if #nodes == 1 or redis.call("EXISTS", node.phone) == 1 then
      return node
    end
  end
  return nodes[1]
end

local function is_holder(node, number, id)
  local held = redis.call("HGET", node.phone, number)
  return held and string.find(" " .. held .. " ", " " .. id .. " ", 1, true) ~= nil
end

local function is_several(held)
  return held and string.find(held, " ", 1, true) ~= nil
end

-- The phone has so many more bindings as this role in the pool.
local function count_bindings(keys, node, role, added)
  local count = tonumber(redis.call("ZINCRBY", keys.degrees[role], added, node.index))
  local other = redis.call("ZSCORE", keys.degrees[OTHER_ROLE[role]], node.index)
  if other then
    redis.call("ZADD", keys.degrees.both, count + tonumber(other), node.index)
  end
end

-- A session that its recruiter has since moved away from this phone is no concern of it.
local function note_code_needed(keys, node, id, code_needed)
  local record = redis.call("HGET", keys.sessions, id)
  local session = record and read_session(record)
  if session and session.recruiter_index == node.index then
    session.code_needed = code_needed
    redis.call("HSET", keys.sessions, id, pack_session(session))
  end
end

local function begin_sharing(keys, node, ordinal)
  redis.call("SETBIT", node.shared, ordinal, 1)
  redis.call("ZINCRBY", keys.sharing, 1, node.index)
end

-- Returns whether the phone has several bindings on the number now, "1" or "".
local function bind(keys, node, role, number, ordinal, id)
  local held = redis.call("HGET", node.phone, number)
  redis.call("HSET", node.phone, number, held and held .. " " .. id or id)
  count_bindings(keys, node, role, 1)
  if not held then
    redis.call("SETBIT", node.used[role], ordinal, 1)
  elseif not is_several(held) then
    note_code_needed(keys, node, held, "1")
    begin_sharing(keys, node, ordinal)
  end
  return held and "1" or ""
end
