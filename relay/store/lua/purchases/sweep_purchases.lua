-- sweep_purchases: unfinished purchases that nobody works on: whoever did has died, or it may be
-- tried again now.
-- keys: purchases
-- args: now:number most:number pause:number
--
-- At most so many in one call; each is looked at again after a pause of so many seconds. Safe to
-- run twice. Answers their ids.

local due = redis.call("ZRANGEBYSCORE", keys.purchases, "-inf", args.now, "LIMIT", 0, args.most)
for _, id in ipairs(due) do
  redis.call("ZADD", keys.purchases, args.now + args.pause, id)
end
return due
