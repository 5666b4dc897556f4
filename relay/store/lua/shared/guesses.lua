-- Guesses: phones that an API key had compared with those on record. A key that may register people
-- has a small number of them, so that the API is no directory (P2).
-- args: most_of:number
-- uses: guesses_of_key
--
-- At most `most_of` of one person in `guess_window` seconds, and those of the key. guesses_of: the
-- key of a person's.

-- Seconds until another guess may be made; nil when one may.
local function wait_after_guesses(guesses_of)
  local wait = wait_of_key()
  if tonumber(redis.call("GET", guesses_of) or "0") >= args.most_of then
    return math.max(wait or 1, redis.call("TTL", guesses_of))
  end
  return wait
end

local function count_guess(guesses_of)
  count_for(args.guess_window, guesses_of)
  count_for(args.guess_window, keys.guesses_by)
end
