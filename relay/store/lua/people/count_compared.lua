-- count_compared: counts what `client`, an API key's id, has compared with somebody's phone.
-- keys: compared=compared_with(role ref)
-- args: role ref fingerprint most_of:number
-- uses: guesses_of_key
--
-- At most `most_of` different things a person in `guess_window` seconds, and those of the key.
-- What was compared with the person already is no new question, so it is safe to run twice. Answers
-- 0, or the seconds to wait after too many.
if redis.call("SISMEMBER", keys.compared, args.fingerprint) == 1 then
  return 0
end
local wait = wait_of_key()
if redis.call("SCARD", keys.compared) >= args.most_of then
  wait = math.max(wait or 1, redis.call("TTL", keys.compared))
end
if wait then
  return wait
end
redis.call("SADD", keys.compared, args.fingerprint)
if redis.call("SCARD", keys.compared) == 1 then
  redis.call("EXPIRE", keys.compared, args.guess_window)
end
count_for(args.guess_window, keys.guesses_by)
return 0
