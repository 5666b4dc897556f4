-- reserve_purchase: notes that a number is about to be bought, if the pool's limits let it have one
-- more. Renews the buyer's lease.
-- keys: policy buyer purchases
-- args: id token number now:number lease:number account
-- uses: renting
--
-- The token is this execution's; account is the carrier's that will rent the number. What the
-- limits count is counted here, so that two buyers can never pass a limit together. Safe to run
-- twice. Answers "reserved", "taken", "lost", "max_numbers" or "monthly_budget".

local function renew_lease()
  local ends = string.format("%.3f", args.now + args.lease)
  redis.call("HSET", keys.buyer, "until", ends)
  redis.call("ZADD", keys.purchases, ends, args.id)
end

local function is_ours(number)
  return redis.call("HEXISTS", keys.numbers, number) == 1
    or redis.call("HEXISTS", keys.releasing, number) == 1
end

-- Which limit one more number would pass; money is in cents.
local function passed_limit()
  local limits = redis.call("HMGET", keys.policy, "max_numbers", "monthly_budget", "number_rent")
  local most, budget, rent = tonumber(limits[1] or ""), tonumber(limits[2] or ""), limits[3]
  local rented = count_rented(keys)
  if most and rented + 1 > most then
    return "max_numbers"
  end
  if budget and (rented + count_prepaid(keys, args.now) + 1) * tonumber(rent) > budget then
    return "monthly_budget"
  end
end

if redis.call("HGET", keys.buyer, "token") ~= args.token then
  return "lost"
end
renew_lease()
local intent = redis.call("HGET", keys.buying, args.number)
if intent and string.match(intent, "^(.-)\t") == args.id then
  return "reserved"
end
if intent or is_ours(args.number) then
  return "taken"
end
local limit = passed_limit()
if limit then
  return limit
end
local since = string.format("%.3f", args.now)
redis.call("HSET", keys.buying, args.number, table.concat({ args.id, since, args.account }, "\t"))
return "reserved"
