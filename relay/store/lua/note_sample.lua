-- note_sample: the latest sample of an hour, in place of an earlier one; old hours go. Safe to run
-- twice. Answers 1.
local history_key = KEYS[1]         -- sorted set
local hour = tonumber(ARGV[1])      -- hours since 1970
local sample = ARGV[2]
local kept = tonumber(ARGV[3])      -- hours

redis.call("ZREMRANGEBYSCORE", history_key, hour, hour)
redis.call("ZREMRANGEBYSCORE", history_key, "-inf", hour - kept)
redis.call("ZADD", history_key, hour, sample)
return 1
