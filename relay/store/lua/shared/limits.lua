-- What is called and texted in a pool in a day, and its policy's limits (relay/domain/limits.py).
-- keys: policy usage sessions
-- uses: session
--
-- usage is a hash: "day" → the day it counts, in days since 1970; "pool", session id, role:ref →
-- "calls minutes texts". The first count of a new day begins it anew; nobody waits for that
-- (UNLINK).
local USAGE_LIFE = 2 * 24 * 3600
local SCOPES = { "session", "person", "pool" }

local function day_of(instant)
  return math.floor(instant / 86400)
end

-- What has been counted on a day, or on a later one that another process has begun, where a call
-- or text of one side of a session counts, too: in the order of SCOPES.
local function read_usage(session_id, session, side, day)
  local fields = { session_id, side .. ":" .. session[side], "pool" }
  local values = redis.call("HMGET", keys.usage, "day", unpack(fields))
  local known = tonumber(values[1] or "0")
  local usage = { fields = fields, day = math.max(known, day), is_new = known < day, counts = {} }
  for position = 1, #SCOPES do
    local kept = not usage.is_new and values[position + 1] or "0 0 0"
    local calls, minutes, texts = string.match(kept, "(%d+) (%d+) (%d+)")
    usage.counts[position] = {
      calls = tonumber(calls), minutes = tonumber(minutes), texts = tonumber(texts),
    }
  end
  return usage
end

-- more: what is to be counted beside, by its kind.
local function count_usage(usage, more)
  if usage.is_new then
    redis.call("UNLINK", keys.usage)
  end
  local values = { "day", string.format("%d", usage.day) }
  for position, counts in ipairs(usage.counts) do
    values[#values + 1] = usage.fields[position]
    values[#values + 1] = string.format("%d %d %d",
      counts.calls + (more.calls or 0), counts.minutes + (more.minutes or 0),
      counts.texts + (more.texts or 0))
  end
  redis.call("HSET", keys.usage, unpack(values))
  if usage.is_new then
    redis.call("EXPIRE", keys.usage, USAGE_LIFE)
  end
end

-- Counts more, or less, for a call on record: on the day it began, as long as that lasts.
local function recount_call(session_id, side, started_at, more)
  local record = redis.call("HGET", keys.sessions, session_id)
  if record then
    local day = day_of(started_at)
    local usage = read_usage(session_id, read_session(record), side, day)
    if usage.day == day and not usage.is_new then
      count_usage(usage, more)
    end
  end
end

-- The first limit that is reached, as the policy names it, or nil. limits: of each kind those of
-- all SCOPES; false or "" for none.
local function limit_reached(usage, kinds, limits)
  for place, kind in ipairs(kinds) do
    for position, scope in ipairs(SCOPES) do
      local most = tonumber(limits[(place - 1) * #SCOPES + position] or "")
      if most and usage.counts[position][kind] >= most then
        return kind .. "_per_" .. scope
      end
    end
  end
  return nil
end

local function limit_on_calls(usage)
  return limit_reached(usage, { "calls", "minutes" }, redis.call("HMGET", keys.policy,
    "limits_calls_per_session", "limits_calls_per_person", "limits_calls_per_pool",
    "limits_minutes_per_session", "limits_minutes_per_person", "limits_minutes_per_pool"))
end

local function limit_on_texts(usage)
  return limit_reached(usage, { "texts" }, redis.call("HMGET", keys.policy,
    "limits_texts_per_session", "limits_texts_per_person", "limits_texts_per_pool"))
end
