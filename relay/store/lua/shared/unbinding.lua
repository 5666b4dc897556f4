-- Ends bindings (bindings.lua), many at once.
-- keys: sessions degrees sharing
-- uses: session batching bindings

local function end_sharing(keys, node, ordinal)
  if tonumber(redis.call("ZINCRBY", keys.sharing, -1, node.index)) > 0 then
    redis.call("SETBIT", node.shared, ordinal, 0)
  else
    redis.call("ZREM", keys.sharing, node.index)
    redis.call("DEL", node.shared)
  end
end

-- Takes a session off what a phone holds on a number. Returns whether it was there, and whether
-- nothing is left there.
local function take_off(keys, binding)
  local phone, number, id = binding.node.phone, binding.number, binding.id
  local held = " " .. (redis.call("HGET", phone, number) or "") .. " "
  local first, last = string.find(held, " " .. id .. " ", 1, true)
  if not first then
    return false, false
  end
  -- Cut out, and not copied one by one: a heavy recruiter has a thousand there.
  local left = string.sub(string.sub(held, 1, first) .. string.sub(held, last + 1), 2, -2)
  if left == "" then
    redis.call("HDEL", phone, number)
    return true, true
  end
  redis.call("HSET", phone, number, left)
  if not is_several(left) then
    note_code_needed(keys, binding.node, left, "")
    end_sharing(keys, binding.node, binding.ordinal)
  end
  return true, false
end

-- Phones have fewer bindings as this role in the pool. ended: how many, by the phone's index.
-- Returns how many each has left, by its index.
local function count_ended(keys, role, ended)
  local indexes, left, kept, gone, both, not_both = {}, {}, {}, {}, {}, {}
  for index in pairs(ended) do
    indexes[#indexes + 1] = index
  end
  local counts = read_scores(keys.degrees[role], indexes)
  local others = read_scores(keys.degrees[OTHER_ROLE[role]], indexes)
  for position, index in ipairs(indexes) do
    local count, other = tonumber(counts[position] or 0) - ended[index], others[position]
    left[index] = count
    if count > 0 then
      kept[#kept + 1], kept[#kept + 2] = count, index
    else
      gone[#gone + 1] = index
    end
    if other and count > 0 then
      both[#both + 1], both[#both + 2] = count + tonumber(other), index
    elseif other then
      not_both[#not_both + 1] = index
    end
  end
  in_batches("ZADD", keys.degrees[role], kept)
  in_batches("ZREM", keys.degrees[role], gone)
  in_batches("ZADD", keys.degrees.both, both)
  in_batches("ZREM", keys.degrees.both, not_both)
  return left
end

-- bindings: node, role, number, ordinal and session's id of each. One that is not there any more is
-- passed over.
local function unbind(keys, bindings)
  local ended, emptied = { recruiter = {}, candidate = {} }, {}
  for _, binding in ipairs(bindings) do
    local was_there, is_empty = take_off(keys, binding)
    if was_there then
      local of_role, index = ended[binding.role], binding.node.index
      of_role[index] = (of_role[index] or 0) + 1
    end
    if is_empty then
      emptied[#emptied + 1] = binding
    end
  end
  local left = {}
  for role, of_role in pairs(ended) do
    left[role] = count_ended(keys, role, of_role)
  end
  for _, binding in ipairs(emptied) do
    local used = binding.node.used[binding.role]
    if left[binding.role][binding.node.index] > 0 then
      redis.call("SETBIT", used, binding.ordinal, 0)
    else
      redis.call("DEL", used)
    end
  end
end
