-- Guesses of an API key, at anybody's phone: `most_by` in `guess_window` seconds, and one more for
-- each `registered_a_guess` different phones that the key has put on record, of which it counts
-- `most_registered`.
-- keys: guesses_by=guesses_by(kind client) registered=registered(client)
-- args: kind client most_by:number registered_a_guess:number most_registered:number
--       guess_window:number
-- uses: counting

-- Seconds until the key may guess again; nil when it may.
local function wait_of_key()
  local guesses = tonumber(redis.call("GET", keys.guesses_by) or "0")
  if guesses < args.most_by then
    return nil
  end
  local registered = math.min(redis.call("PFCOUNT", keys.registered), args.most_registered)
  if guesses >= args.most_by + math.floor(registered / args.registered_a_guess) then
    return math.max(1, redis.call("TTL", keys.guesses_by))
  end
end
