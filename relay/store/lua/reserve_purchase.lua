-- reserve_purchase: notes that a number is about to be bought, if the pool's limits let it have one
-- more. What they count is counted here, so that two buyers can never pass a limit together. Renews
-- the buyer's lease. Safe to run twice.
-- uses: renting
--
-- Answers "reserved", "taken", "lost", "max_numbers" or "monthly_budget".
local keys = {
  buyer = KEYS[1],      -- hash
  buying = KEYS[2],     -- hash: number → job, since, account
  numbers = KEYS[3],    -- hash
  releasing = KEYS[4],  -- hash
  jobs = KEYS[5],       -- sorted set
  prepaid = KEYS[6],    -- sorted set
}
local id = ARGV[1]               -- job id
local token = ARGV[2]            -- of this execution
local number = ARGV[3]           -- virtual number
local now = tonumber(ARGV[4])    -- seconds
local lease = tonumber(ARGV[5])  -- seconds
local max_numbers = tonumber(ARGV[6])     -- most numbers, or nil
local monthly_budget = tonumber(ARGV[7])  -- most numbers by the budget, or nil
local account = ARGV[8]          -- the carrier's account that will rent it

local function is_mine(intent)
  return intent and string.match(intent, "^(.-)\t") == id
end

if redis.call("HGET", keys.buyer, "token") ~= token then
  return "lost"
end
local till = string.format("%.3f", now + lease)
redis.call("HSET", keys.buyer, "until", till)
redis.call("ZADD", keys.jobs, till, id)

local intent = redis.call("HGET", keys.buying, number)
if is_mine(intent) then
  return "reserved"
end
if intent or redis.call("HEXISTS", keys.numbers, number) == 1
  or redis.call("HEXISTS", keys.releasing, number) == 1 then
  return "taken"
end
local rented = count_rented(keys)
if max_numbers and rented >= max_numbers then
  return "max_numbers"
end
if monthly_budget and rented + count_prepaid(keys, now) >= monthly_budget then
  return "monthly_budget"
end
redis.call("HSET", keys.buying, number, table.concat({ id, string.format("%.3f", now), account }, "\t"))
return "reserved"
