-- Guesses: phones that an API key had compared with those on record. A key that may register people
-- has a small number of them, so that the API is no directory (P2).
-- keys: guesses_of=guesses_of(kind role ref)
-- args: kind role ref most_of:number
-- uses: guesses_of_key
--
-- At most `most_of` of one person in `guess_window` seconds, and those of the key.

-- Seconds until another guess may be made; nil when one may.
local function wait_after_guesses()
  local wait = wait_of_key()
  if tonumber(redis.call("GET", keys.guesses_of) or "0") >= args.most_of then
    return math.max(wait or 1, redis.call("TTL", keys.guesses_of))
  end
  return wait
end

local function count_guess()
  count_for(args.guess_window, keys.guesses_of)
  count_for(args.guess_window, keys.guesses_by)
end
