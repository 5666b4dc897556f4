-- strike_off: takes a number off the map where it is in this place, and in no other.
-- keys: numbers numbers_version
-- args: number place
--
-- An entry is its signature, a blank and its place. Safe to run twice. Answers the map's version.
local entry = redis.call("HGET", keys.numbers, args.number)
if entry and string.match(entry, " (.*)$") == args.place then
  redis.call("HDEL", keys.numbers, args.number)
  return tostring(redis.call("INCR", keys.numbers_version))
end
return redis.call("GET", keys.numbers_version) or ""
