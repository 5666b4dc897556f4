-- Guesses: phones that an API key had compared with those on record. A key that may register people
-- has a small number of them, so that the API is no directory (P2).
-- keys: guesses_of=guesses_of(kind role ref) guesses_by=guesses_by(kind client) registered
-- args: kind role ref client most_of:number most_by:number registered_a_guess:number
--   guess_window:number
--
-- At most `most_of` of one person and `most_by` by one key in `guess_window` seconds, and by the
-- key one more for each `registered_a_guess` people that it has put on record.

-- Seconds until another guess may be made; nil when one may.
local function wait_after_guesses()
  local registered = tonumber(redis.call("HGET", keys.registered, args.client) or "0")
  local most_by = args.most_by + math.floor(registered / args.registered_a_guess)
  local wait
  for key, most in pairs({ [keys.guesses_of] = args.most_of, [keys.guesses_by] = most_by }) do
    if tonumber(redis.call("GET", key) or "0") >= most then
      wait = math.max(wait or 1, redis.call("TTL", key))
    end
  end
  return wait
end

local function count_guess()
  for _, key in ipairs({ keys.guesses_of, keys.guesses_by }) do
    if redis.call("INCR", key) == 1 then
      redis.call("EXPIRE", key, args.guess_window)
    end
  end
end
