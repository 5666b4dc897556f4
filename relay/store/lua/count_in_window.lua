-- count_in_window: counts one, in a window of time that begins with the first.
--
-- Safe to run twice as far as it matters: a repeated call counts one too many.
--
-- Answers {count, seconds until the window ends}.
local counted_key = KEYS[1]             -- string
local window = tonumber(ARGV[1])        -- seconds

local count = redis.call("INCR", counted_key)
if count == 1 then
  redis.call("EXPIRE", counted_key, window)
end
return { count, redis.call("TTL", counted_key) }
