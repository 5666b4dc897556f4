-- sweep_outbox: finds what waits in the outbox longer than it should: whoever was to send it has
-- died, or it may be tried again now.
-- keys: outbox
-- args: now:number batch:number pause:number
--
-- Each is due again after a pause, in seconds. Safe to run twice. Answers the ids, `batch` at most.
local due = redis.call("ZRANGEBYSCORE", keys.outbox, "-inf", args.now, "LIMIT", 0, args.batch)
for _, id in ipairs(due) do
  redis.call("ZADD", keys.outbox, args.now + args.pause, id)
end
return due
