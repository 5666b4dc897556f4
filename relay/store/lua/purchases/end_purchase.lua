-- end_purchase: a purchase is over; its record goes by itself after a while, and the next buyer may
-- begin.
-- keys: purchase(id) purchases buyer
-- args: id token now status failures retention:number
--
-- The token is this execution's; now is in whole seconds; failures are lines of code and detail.
-- Safe to run twice. Answers 1, or 0 when this execution's lease is not the pool's.

if redis.call("HGET", keys.buyer, "token") ~= args.token then
  return 0
end
redis.call("HSET", keys.purchase, "status", args.status, "failures", args.failures,
  "ended_at", args.now)
redis.call("EXPIRE", keys.purchase, args.retention)
redis.call("ZREM", keys.purchases, args.id)
redis.call("DEL", keys.buyer)
return 1
