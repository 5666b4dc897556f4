-- How fast somebody writes in a session, and how often the same words (relay/domain/pace.py).
-- keys: pace=pace(vouched writer) words_pace=words_pace(vouched writer words)
-- args: writer words every:number burst:number same_every:number same_burst:number
--    daily_every:number daily_burst:number most_wait:number repeated_for:number
--
-- pace: when the bucket of all texts is empty again. words_pace, of the same words, a hash:
-- "minute" and "day" → the same of their buckets, "held" → until when they are held. words is a
-- keyed hash.
local PACE_LIFE = 24 * 3600

-- When a bucket is empty after one more, and how long that one has to wait.
local function pour(empty_at, every, burst, now)
  empty_at = math.max(tonumber(empty_at or "0"), now) + every
  return string.format("%.3f", empty_at), math.max(empty_at - now - every * burst, 0)
end

local function note_words(...)
  redis.call("HSET", keys.words_pace, ...)
  redis.call("EXPIRE", keys.words_pace, PACE_LIFE)
end

-- Seconds until a text may go, 0 nearly always; nil when it is held, and whether its words were
-- held before.
local function wait_of_pace(now)
  local minute, day, held = unpack(redis.call("HMGET", keys.words_pace, "minute", "day", "held"))
  local all_empty, wait = pour(redis.call("GET", keys.pace), args.every, args.burst, now)
  local minute_empty, minute_wait = pour(minute, args.same_every, args.same_burst, now)
  local day_empty, day_wait = pour(day, args.daily_every, args.daily_burst, now)
  if tonumber(held or "0") > now then
    return nil, true
  elseif minute_wait > args.most_wait or day_wait > 0 then
    note_words("held", string.format("%.0f", now + args.repeated_for))
    return nil
  elseif wait > args.most_wait then
    return nil
  end
  redis.call("SET", keys.pace, all_empty, "EX", PACE_LIFE)
  note_words("minute", minute_empty, "day", day_empty)
  return math.max(wait, minute_wait)
end
