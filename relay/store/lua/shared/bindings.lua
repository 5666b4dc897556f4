-- Bindings: for each phone a hash of virtual number → sessions (a recruiter's may be several, parted
-- by spaces), and by role a bitmap of the ordinals it is bound on and its degree. They change
-- together, here. Needs shared/session.lua.
--
-- A session's code_needed says that its recruiter's phone has several bindings on its number. It is
-- kept on the record, so that whoever reads that needs no other key.
--
-- keys: sessions, degrees (recruiter, candidate, both), sharing.

local OTHER_ROLE = { recruiter = "candidate", candidate = "recruiter" }
local KEYS_OF_NODE = 4

local function node_at(first_key, index)
  return {
    index = index, phone = KEYS[first_key],
    used = { recruiter = KEYS[first_key + 1], candidate = KEYS[first_key + 2] },
    shared = KEYS[first_key + 3],
  }
end

-- A phone keeps the index it was first bound under while index keys rotate: of `count` indexes the
-- one that has bindings, else the first, which is the writing key's.
local function living_node(first_key, first_argument, count)
  for offset = 0, count - 1 do
    local node = node_at(first_key + KEYS_OF_NODE * offset, ARGV[first_argument + offset])
    if redis.call("EXISTS", node.phone) == 1 then
      return node
    end
  end
  return node_at(first_key, ARGV[first_argument])
end

-- Nodes by index: `count` indexes from ARGV[first_argument] on.
local function read_nodes(first_key, first_argument, count)
  local nodes = {}
  for offset = 0, count - 1 do
    local index = ARGV[first_argument + offset]
    nodes[index] = node_at(first_key + KEYS_OF_NODE * offset, index)
  end
  return nodes
end

local function is_holder(node, number, id)
  local held = redis.call("HGET", node.phone, number)
  return held and string.find(" " .. held .. " ", " " .. id .. " ", 1, true) ~= nil
end

local function is_several(held)
  return held and string.find(held, " ", 1, true) ~= nil
end

local function needs_code(node, number)
  return is_several(redis.call("HGET", node.phone, number)) and "1" or ""
end

local function count_binding(keys, node, role, change)
  local count = tonumber(redis.call("ZINCRBY", keys.degrees[role], change, node.index))
  if count <= 0 then
    redis.call("ZREM", keys.degrees[role], node.index)
  end
  local other = redis.call("ZSCORE", keys.degrees[OTHER_ROLE[role]], node.index)
  if other and count > 0 then
    redis.call("ZADD", keys.degrees.both, count + tonumber(other), node.index)
  elseif other then
    redis.call("ZREM", keys.degrees.both, node.index)
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

local function begin_sharing(keys, node, ordinal, first_id)
  note_code_needed(keys, node, first_id, "1")
  redis.call("SETBIT", node.shared, ordinal, 1)
  redis.call("ZINCRBY", keys.sharing, 1, node.index)
end

local function end_sharing(keys, node, ordinal, last_id)
  note_code_needed(keys, node, last_id, "")
  redis.call("SETBIT", node.shared, ordinal, 0)
  if tonumber(redis.call("ZINCRBY", keys.sharing, -1, node.index)) <= 0 then
    redis.call("ZREM", keys.sharing, node.index)
    redis.call("DEL", node.shared)
  end
end

local function bind(keys, node, role, number, ordinal, id)
  local held = redis.call("HGET", node.phone, number)
  redis.call("HSET", node.phone, number, held and held .. " " .. id or id)
  count_binding(keys, node, role, 1)
  if not held then
    redis.call("SETBIT", node.used[role], ordinal, 1)
  elseif not is_several(held) then
    begin_sharing(keys, node, ordinal, held)
  end
end

-- Does nothing when the session is not bound there. Answers whether it was.
local function unbind(keys, node, role, number, ordinal, id)
  local held = " " .. (redis.call("HGET", node.phone, number) or "") .. " "
  local first, last = string.find(held, " " .. id .. " ", 1, true)
  if not first then
    return false
  end
  -- Cut out, and not copied one by one: a heavy recruiter has a thousand there.
  local left = string.sub(string.sub(held, 1, first) .. string.sub(held, last + 1), 2, -2)
  count_binding(keys, node, role, -1)
  if left ~= "" then
    redis.call("HSET", node.phone, number, left)
    if not is_several(left) then
      end_sharing(keys, node, ordinal, left)
    end
    return true
  end
  redis.call("HDEL", node.phone, number)
  redis.call("SETBIT", node.used[role], ordinal, 0)
  if redis.call("EXISTS", node.phone) == 0 then
    redis.call("DEL", node.used.recruiter, node.used.candidate)
  end
  return true
end

-- One session takes a binding over from another; nothing else changes.
local function rebind(node, number, from, to)
  local held = redis.call("HGET", node.phone, number)
  if held then
    held = string.gsub(" " .. held .. " ", " " .. string.gsub(from, "%p", "%%%0") .. " ", " " .. to .. " ")
    redis.call("HSET", node.phone, number, string.sub(held, 2, -2))
  end
end
