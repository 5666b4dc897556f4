-- Many values in few commands: Lua passes some thousands of arguments at most.

-- An even number: pairs of values stay together.
local MOST_ARGUMENTS = 500

-- Calls command(key, values…) as often as the values need.
local function in_batches(command, key, values)
  for first = 1, #values, MOST_ARGUMENTS do
    redis.call(command, key, unpack(values, first, math.min(first + MOST_ARGUMENTS - 1, #values)))
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
