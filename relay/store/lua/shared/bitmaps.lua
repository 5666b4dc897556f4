-- What the bitmaps of a pool say of an ordinal.
-- keys: blocked resting no_voice no_sms sms_unready full area=area(area_code)
-- args: area_code

-- bits: by bitmap, 1 or 0; 0 where none is given.
local function mark_ordinal(keys, ordinal, bits)
  redis.call("SETBIT", keys.blocked, ordinal, bits.blocked or 0)
  redis.call("SETBIT", keys.resting, ordinal, bits.resting or 0)
  redis.call("SETBIT", keys.no_voice, ordinal, bits.no_voice or 0)
  redis.call("SETBIT", keys.no_sms, ordinal, bits.no_sms or 0)
  redis.call("SETBIT", keys.sms_unready, ordinal, 0)
  redis.call("SETBIT", keys.full, ordinal, bits.full or 0)
  redis.call("SETBIT", keys.area, ordinal, bits.area or 0)
end
