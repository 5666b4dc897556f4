-- count_guess: counts a guess of `client`, an API key's id, at somebody's phone.
-- uses: guesses
--
-- Safe to run twice, as far as it matters: it counts twice then. Answers 0, or the seconds to wait
-- after too many guesses.
local wait = wait_after_guesses()
if wait then
  return wait
end
count_guess()
return 0
