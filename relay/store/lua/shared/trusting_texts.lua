-- Whether sessions that text get a number: none does while the carrier refuses its texts (its code
-- for the last one, of sms_refused_at, is sms_trouble), nor before it is registered where its pool
-- requires that (waits_since). Each of them goes by itself.
-- keys: number=number(number) sms_unready

local function note_readiness(keys, ordinal)
  local is_unready = redis.call("HEXISTS", keys.number, "sms_trouble") == 1
    or redis.call("HEXISTS", keys.number, "waits_since") == 1
  redis.call("SETBIT", keys.sms_unready, ordinal, is_unready and 1 or 0)
end

local function distrust_texts(keys, ordinal, trouble, since)
  redis.call("HSET", keys.number, "sms_trouble", trouble, "sms_refused_at", whole(since))
  redis.call("HSETNX", keys.number, "sms_trouble_since", whole(since))
  note_readiness(keys, ordinal)
end

local function trust_texts(keys, ordinal)
  redis.call("HDEL", keys.number, "sms_trouble", "sms_trouble_since", "sms_refused_at")
  note_readiness(keys, ordinal)
end
