-- begin_purchase: lets one buyer work for a pool at a time, by a lease.
-- keys: purchase(id) purchases buyer
-- args: id token now:number lease:number
--
-- The token is this execution's; the lease, in seconds, is longer than buying one number takes.
-- Safe to run twice with one token. Answers {"ended"} for a purchase that is over or unknown,
-- {"busy", until} or {"begun"}.

if not redis.call("ZSCORE", keys.purchases, args.id) then
  return { "ended" }
end
local holder, held_until = unpack(redis.call("HMGET", keys.buyer, "token", "until"))
if holder and holder ~= args.token and args.now < tonumber(held_until) then
  redis.call("ZADD", keys.purchases, held_until, args.id)
  return { "busy", held_until }
end
local ends = string.format("%.3f", args.now + args.lease)
redis.call("HSET", keys.buyer, "token", args.token, "until", ends)
redis.call("ZADD", keys.purchases, ends, args.id)
redis.call("HSET", keys.purchase, "status", "running")
return { "begun" }
