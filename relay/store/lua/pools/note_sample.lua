-- note_sample: the latest sample of an hour, in place of an earlier one; old hours go.
-- keys: history
-- args: hour:number sample hours_kept:number
--
-- Hours are counted since 1970. Safe to run twice.

redis.call("ZREMRANGEBYSCORE", keys.history, args.hour, args.hour)
redis.call("ZREMRANGEBYSCORE", keys.history, "-inf", args.hour - args.hours_kept)
redis.call("ZADD", keys.history, args.hour, args.sample)
