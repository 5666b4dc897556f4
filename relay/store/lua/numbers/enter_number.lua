-- enter_number: enters a number on the map of numbers, unless it is there.
-- keys: numbers numbers_version
-- args: number entry instead_of
--
-- instead_of: an entry that is not to be believed, which is replaced; or "". Safe to run twice.
-- Answers {the entry that is there now, the map's version}.
local there = redis.call("HGET", keys.numbers, args.number)
if there and there ~= args.instead_of then
  return { there, redis.call("GET", keys.numbers_version) or "" }
end
redis.call("HSET", keys.numbers, args.number, args.entry)
return { args.entry, tostring(redis.call("INCR", keys.numbers_version)) }
