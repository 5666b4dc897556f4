-- note_idle: since when numbers have had nothing on them, open or cooling, as far as anybody
-- looked.
-- keys: numbers load idle
-- args: now numbers:list
--
-- Safe to run twice: a number that is noted keeps its time.

local function is_idle(number)
  return redis.call("HEXISTS", keys.load, number) == 0
    and redis.call("HEXISTS", keys.numbers, number) == 1
end

for _, number in ipairs(args.numbers) do
  if is_idle(number) then
    redis.call("ZADD", keys.idle, "NX", args.now, number)
  else
    redis.call("ZREM", keys.idle, number)
  end
end
