-- count_rented: how many numbers a pool's limits count. Reads only, as often as once or twice.
-- uses: renting
--
-- Answers {rented, given back in a month that is paid for}.
local keys = {
  numbers = KEYS[1],    -- hash
  buying = KEYS[2],     -- hash
  releasing = KEYS[3],  -- hash
  prepaid = KEYS[4],    -- sorted set
}
local now = ARGV[1]     -- seconds

return { count_rented(keys), count_prepaid(keys, now) }
