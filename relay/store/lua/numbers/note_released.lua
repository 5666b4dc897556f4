-- note_released: the carrier has a number back. Its month is paid for, and counts until it ends.
-- keys: releasing prepaid
-- args: number carrier_sid paid_until:number now:number
--
-- Does nothing where no release of this rental is on record. Safe to run twice.

redis.call("ZREMRANGEBYSCORE", keys.prepaid, "-inf", args.now)
local rental = redis.call("HGET", keys.releasing, args.number)
if not rental or string.match(rental, "^[^\t]*") ~= args.carrier_sid then
  return
end
redis.call("HDEL", keys.releasing, args.number)
if args.paid_until > args.now then
  redis.call("ZADD", keys.prepaid, args.paid_until, args.carrier_sid)
end
