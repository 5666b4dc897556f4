-- Counts one, for so many seconds from the first on.
local function count_for(seconds, counter)
  if redis.call("INCR", counter) == 1 then
    redis.call("EXPIRE", counter, seconds)
  end
end
