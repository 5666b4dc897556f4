-- count_in_window: counts one, in a window of time that begins with the first.
-- keys: counted=rate(who)
-- args: who window:number
--
-- Safe to run twice as far as it matters: a repeated call counts one too many. `window` is seconds.
-- Answers {count, seconds until the window ends}.
local count = redis.call("INCR", keys.counted)
if count == 1 then
  redis.call("EXPIRE", keys.counted, args.window)
end
return { count, redis.call("TTL", keys.counted) }
