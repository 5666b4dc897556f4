-- Whether sessions that text get a number. Why not is on its record: the carrier's code for its
-- last text, or UNREGISTERED.
-- keys: number=number(number) sms_unready
local UNREGISTERED = "unregistered"

local function distrust_texts(keys, ordinal, trouble, since)
  redis.call("SETBIT", keys.sms_unready, ordinal, 1)
  redis.call("HSET", keys.number, "sms_trouble", trouble)
  redis.call("HSETNX", keys.number, "sms_trouble_since", whole(since))
end

local function trust_texts(keys, ordinal)
  redis.call("SETBIT", keys.sms_unready, ordinal, 0)
  redis.call("HDEL", keys.number, "sms_trouble", "sms_trouble_since")
end
