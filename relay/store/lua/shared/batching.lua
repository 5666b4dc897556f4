-- Many values in few commands: Lua passes some thousands of arguments at most.

local MOST_ARGUMENTS = 500

-- Calls command(key, values…) as often as the values need. They stay in groups of `size`.
local function in_batches(command, key, values, size)
  local most = MOST_ARGUMENTS - MOST_ARGUMENTS % (size or 1)
  for first = 1, #values, most do
    redis.call(command, key, unpack(values, first, math.min(first + most - 1, #values)))
  end
end

local function read_each(command, key, names)
  local values = {}
  for first = 1, #names, MOST_ARGUMENTS do
    local last = math.min(first + MOST_ARGUMENTS - 1, #names)
    for offset, value in ipairs(redis.call(command, key, unpack(names, first, last))) do
      values[first + offset - 1] = value
    end
  end
  return values
end

-- Returns the values of the fields, in their order; false for a field that is not there.
local function read_fields(key, fields)
  return read_each("HMGET", key, fields)
end

-- Returns the scores of the members, in their order; false for a member that is not there.
local function read_scores(key, members)
  return read_each("ZMSCORE", key, members)
end

-- Returns the values of string keys, in their order; false for a key that is not there.
local function read_strings(names)
  local values = {}
  for first = 1, #names, MOST_ARGUMENTS do
    local last = math.min(first + MOST_ARGUMENTS - 1, #names)
    for offset, value in ipairs(redis.call("MGET", unpack(names, first, last))) do
      values[first + offset - 1] = value
    end
  end
  return values
end
