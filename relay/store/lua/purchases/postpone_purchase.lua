-- postpone_purchase: a purchase goes on later; meanwhile another one may buy for the pool.
-- keys: purchase(id) purchases buyer
-- args: id token look_at has_failed:flag
--
-- The token is this execution's. It has failed when the carrier did, which lengthens the next
-- pause. Safe to run twice: the second time the lease is gone. Answers 1, or 0 when it is not this
-- execution's.

if redis.call("HGET", keys.buyer, "token") ~= args.token then
  return 0
end
redis.call("ZADD", keys.purchases, args.look_at, args.id)
if args.has_failed then
  redis.call("HINCRBY", keys.purchase, "pauses", 1)
end
redis.call("DEL", keys.buyer)
return 1
