-- sweep_markers: forgets markers in {p}:moving that no claim can be older than. Safe to run twice.
-- Answers how many were forgotten.
local moving_key = KEYS[1]     -- hash
local now = tonumber(ARGV[1])  -- seconds

local fields, swept = redis.call("HGETALL", moving_key), 0
for position = 1, #fields, 2 do
  local till = string.match(fields[position + 1], "^[^\t]*\t(%d+)\t")
  if tonumber(till) <= now then
    redis.call("HDEL", moving_key, fields[position])
    swept = swept + 1
  end
end
return swept
