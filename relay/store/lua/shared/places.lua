-- What the bitmaps of a pool say of a number's place.
-- keys: blocked, resting, no_voice, no_sms, full, area (bitmaps).

-- bits: by bitmap, 1 or 0; 0 where none is given.
local function mark_place(keys, ordinal, bits)
  for _, name in ipairs({ "blocked", "resting", "no_voice", "no_sms", "full", "area" }) do
    redis.call("SETBIT", keys[name], ordinal, bits[name] or 0)
  end
end
