-- How a number is registered for texting (relay/domain/registration.py).
-- keys: number=number(number) sms_unready
-- args: now:number registration service knows_service:flag must_wait:flag
--    unregistered_codes:list
-- uses: session trusting_texts
--
-- service: the messaging service that it is in, or ""; must_wait: no session that texts gets it
-- before it is registered. unregistered_codes are what a carrier refuses texts with till then.
-- "unknown" takes nothing back that was found out before.

local function was_refused_for_that(trouble)
  for _, code in ipairs(args.unregistered_codes) do
    if trouble == code then
      return true
    end
  end
  return false
end

local function follow_registration(ordinal)
  local was, trouble = unpack(redis.call("HMGET", keys.number, "registration", "sms_trouble"))
  if args.registration == "unknown" and was and was ~= "unknown" then
    return
  end
  redis.call("HSET", keys.number, "registration", args.registration)
  if args.knows_service then
    redis.call("HSET", keys.number, "service", args.service)
  end
  if args.must_wait then
    redis.call("HSETNX", keys.number, "waits_since", whole(args.now))
  else
    redis.call("HDEL", keys.number, "waits_since")
  end
  local is_new = args.registration == "registered" and was ~= "registered"
  if is_new and was_refused_for_that(trouble) then
    trust_texts(keys, ordinal)
  else
    note_readiness(keys, ordinal)
  end
end
