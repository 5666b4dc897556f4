-- What is dialled and texted with a number as its sender: a hash of hour → "calls ended answered
-- short texts filtered", and of m<minute> → calls that began in that minute.
--
-- A call or text counts in the hour and minute in which it began. What it counts for is kept with
-- its own record, so that the same report again changes nothing, and a later one sets it right.

local TRAFFIC_FIELDS = { "calls", "ended", "answered", "short", "texts", "filtered" }
-- The window in hours, the minutes of it that are kept, and the hash's life after the last call.
local TRAFFIC_HOURS, TRAFFIC_MINUTES, TRAFFIC_LIFE = 24, 60, 25 * 3600

local function read_counts(text)
  local counts, position = {}, 1
  for value in string.gmatch(text or "0 0 0 0 0 0", "%S+") do
    counts[TRAFFIC_FIELDS[position]] = tonumber(value)
    position = position + 1
  end
  return counts
end

local function pack_counts(counts)
  local values = {}
  for position, field in ipairs(TRAFFIC_FIELDS) do
    values[position] = string.format("%d", counts[field] or 0)
  end
  return table.concat(values, " ")
end

local function forget_old_traffic(traffic_key, hour, minute)
  for _, field in ipairs(redis.call("HKEYS", traffic_key)) do
    local old_minute = string.match(field, "^m(%d+)$")
    local is_over = old_minute and tonumber(old_minute) <= minute - TRAFFIC_MINUTES
      or not old_minute and tonumber(field) <= hour - TRAFFIC_HOURS
    if is_over then
      redis.call("HDEL", traffic_key, field)
    end
  end
end

-- Makes what a call or text counts for `counts`; `before` is what it counted for until now, as
-- packed, or false. Answers what to keep with its record.
local function count_traffic(traffic_key, began_at, now, before, counts)
  local after = pack_counts(counts)
  local hour, minute = math.floor(began_at / 3600), math.floor(began_at / 60)
  if before == after then
    return after
  end
  local old, field = read_counts(before or nil), string.format("%d", hour)
  local known = redis.call("HGET", traffic_key, field)
  local total = read_counts(known or nil)
  for _, name in ipairs(TRAFFIC_FIELDS) do
    total[name] = total[name] + (counts[name] or 0) - old[name]
  end
  redis.call("HSET", traffic_key, field, pack_counts(total))
  if not before and counts.calls then
    redis.call("HINCRBY", traffic_key, string.format("m%d", minute), 1)
  end
  if not known then
    forget_old_traffic(traffic_key, math.floor(now / 3600), math.floor(now / 60))
  end
  redis.call("EXPIRE", traffic_key, TRAFFIC_LIFE)
  return after
end

-- What a call counts for by its status and the seconds it lasted (or false): a person took or
-- refused it, or not; short below `short_call` seconds.
local function counts_of_call(status, duration, short_call)
  local counts = { calls = 1 }
  if status == "ringing" or status == "in-progress" then
    return counts
  end
  counts.ended = 1
  if status == "completed" or status == "declined" then
    counts.answered = 1
  end
  if status == "completed" and duration and tonumber(duration) < short_call then
    counts.short = 1
  end
  return counts
end
