-- import_number: puts a number into a pool, under the lowest ordinal that is vacant. One that is
-- there already follows the carrier, where it has been rented anew.
-- keys: policy numbers ordinals vacant number(number) busy releasing
-- args: number status is_blocked:flag carrier_sid capabilities now:number rented_since account
-- uses: bitmaps statuses registration
--
-- Is_blocked says that the status keeps new sessions off it; capabilities are some of "vsm" (voice,
-- sms, mms); the times are whole seconds. Safe to run twice: the second time the number is known.
-- Answers {"imported" | "known", ordinal}, {"releasing"} for a number that is on its way back to
-- the carrier, or {"gone"} where there is no such pool any more.

local function can(capability)
  return string.find(args.capabilities, capability, 1, true) ~= nil
end

local function follow_the_carrier()
  local known = redis.call("HMGET", keys.number, "carrier_sid", "account")
  if known[1] ~= args.carrier_sid or known[2] ~= args.account then
    redis.call("HSET", keys.number, "carrier_sid", args.carrier_sid,
      "rented_since", args.rented_since, "account", args.account)
  end
end

local function take_place()
  local vacant = redis.call("ZRANGE", keys.vacant, 0, 0)[1]
  if vacant then
    redis.call("ZREM", keys.vacant, vacant)
    return vacant
  end
  return redis.call("HINCRBY", keys.policy, "next_ordinal", 1) - 1
end

local function record(ordinal)
  redis.call("HSET", keys.numbers, args.number, ordinal)
  redis.call("HSET", keys.ordinals, ordinal, args.number)
  redis.call("HSET", keys.number, "ordinal", ordinal, "status", args.status,
    "carrier_sid", args.carrier_sid, "capabilities", args.capabilities,
    "imported_at", whole(args.now),
    "rented_since", args.rented_since, "account", args.account)
end

local function offer(ordinal)
  redis.call("ZADD", keys.busy, 0, ordinal)
  count_status(keys, args.status, 1)
  mark_ordinal(keys, ordinal, {
    blocked = args.is_blocked and 1 or 0,
    no_voice = can("v") and 0 or 1,
    no_sms = can("s") and 0 or 1,
    area = 1,
  })
  if can("s") then
    redis.call("HSET", keys.policy, "texts", "1")
  end
end

local known = redis.call("HGET", keys.numbers, args.number)
if known then
  follow_the_carrier()
  follow_registration(known)
  return { "known", known }
end
if redis.call("HEXISTS", keys.releasing, args.number) == 1 then
  return { "releasing" }
elseif redis.call("EXISTS", keys.policy) == 0 then
  return { "gone" }
end
local ordinal = take_place()
record(ordinal)
offer(ordinal)
follow_registration(ordinal)
return { "imported", ordinal }
