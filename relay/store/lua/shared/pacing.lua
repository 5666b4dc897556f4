-- How fast somebody writes in a session, and how often the same words (relay/domain/pace.py).
-- keys: pace=pace(vouched writer)
-- args: writer words every:number burst:number same_every:number same_burst:number
--    daily_every:number daily_burst:number most_wait:number repeated_for:number
--
-- A hash: "all" → when the bucket of all texts is empty again, "w:<words>" and "d:<words>" → the
-- same of these words in minutes and in a day, "r:<words>" → until when they are held. words is a
-- keyed hash.
local PACE_LIFE = 24 * 3600

-- When the bucket is empty after one more, and how long that one has to wait.
local function pour(field, every, burst, now)
  local empty_at = math.max(tonumber(redis.call("HGET", keys.pace, field) or "0"), now) + every
  return empty_at, math.max(empty_at - now - every * burst, 0)
end

-- Seconds until a text may go, 0 nearly always; nil when it is held.
local function wait_of_pace(now)
  local words, daily, repeated = "w:" .. args.words, "d:" .. args.words, "r:" .. args.words
  local all_empty, wait = pour("all", args.every, args.burst, now)
  local same_empty, same_wait = pour(words, args.same_every, args.same_burst, now)
  local daily_empty, daily_wait = pour(daily, args.daily_every, args.daily_burst, now)
  local is_repeated = tonumber(redis.call("HGET", keys.pace, repeated) or "0") > now
  if is_repeated or same_wait > args.most_wait or daily_wait > 0 then
    redis.call("HSET", keys.pace, repeated, string.format("%.0f", now + args.repeated_for))
    redis.call("EXPIRE", keys.pace, PACE_LIFE)
    return nil
  elseif wait > args.most_wait then
    return nil
  end
  redis.call("HSET", keys.pace, "all", string.format("%.3f", all_empty),
    words, string.format("%.3f", same_empty), daily, string.format("%.3f", daily_empty))
  redis.call("EXPIRE", keys.pace, PACE_LIFE)
  return math.max(wait, same_wait)
end
