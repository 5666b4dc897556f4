-- strike_off: takes a number off the map where it is in this place, and in no other.
-- keys: numbers
-- args: number place
--
-- Safe to run twice. Answers 1, or 0 when the number is elsewhere or in no map.
if redis.call("HGET", keys.numbers, args.number) ~= args.place then
  return 0
end
return redis.call("HDEL", keys.numbers, args.number)
