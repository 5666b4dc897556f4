-- note_released: the carrier has a number back. Its month is paid for, and counts until it ends.
-- Safe to run twice. Answers 1, or 0 when no release of this rental is on record.
local releasing_key = KEYS[1]  -- hash: number → sid, since when it was rented, account
local prepaid_key = KEYS[2]    -- sorted set: sid by the end of its paid month
local number = ARGV[1]         -- virtual number
local sid = ARGV[2]            -- of its rental
local paid_until = ARGV[3]     -- whole seconds
local now = ARGV[4]            -- seconds

redis.call("ZREMRANGEBYSCORE", prepaid_key, "-inf", now)
local noted = redis.call("HGET", releasing_key, number)
if not noted or string.match(noted, "^[^\t]*") ~= sid then
  return 0
end
redis.call("HDEL", releasing_key, number)
if tonumber(paid_until) > tonumber(now) then
  redis.call("ZADD", prepaid_key, paid_until, sid)
end
return 1
