-- remove_number: takes a number out of its pool once nothing is bound to it any more. In the same
-- step it notes that the carrier gets it back, so that a crash cannot leave it rented for nobody.
-- keys: numbers ordinals vacant number(number) busy load idle releasing
-- args: number expected? is_lost:flag
-- uses: bitmaps statuses
--
-- A lost number is noted without its sid: should the account have it again by then, nobody has
-- given it back. With an expected status it stays when it has another one meanwhile. Safe to run
-- twice. Answers "removed", "unknown", "changed" when its status is another one, or "bound" while
-- sessions are open or cooling.

local function vacate(ordinal, status)
  redis.call("HDEL", keys.numbers, args.number)
  redis.call("HDEL", keys.ordinals, ordinal)
  redis.call("ZREM", keys.busy, ordinal)
  redis.call("ZADD", keys.vacant, ordinal, ordinal)
  count_status(keys, status, -1)
  mark_ordinal(keys, ordinal, { blocked = 1 })
  redis.call("DEL", keys.number)
  redis.call("ZREM", keys.idle, args.number)
end

local ordinal = redis.call("HGET", keys.numbers, args.number)
if not ordinal then
  -- Only this call, or one like it, has noted the release: its reply was lost.
  return redis.call("HEXISTS", keys.releasing, args.number) == 1 and "removed" or "unknown"
end
local known = redis.call("HMGET", keys.number, "status", "carrier_sid", "rented_since", "account")
local status, sid, since, account = unpack(known)
if args.expected and args.expected ~= status then
  return "changed"
end
if redis.call("HEXISTS", keys.load, args.number) == 1 then
  return "bound"
end
vacate(ordinal, status)
local rental = { args.is_lost and "" or sid, since, account }
redis.call("HSET", keys.releasing, args.number, table.concat(rental, "\t"))
return "removed"
