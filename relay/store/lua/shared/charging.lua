-- What the carrier charges a pool's traffic by (relay/domain/charges.py), and the sessions opened.
-- keys: charges
-- args: now:number
--
-- charges is a hash: "since" → when the first was counted, unit → how many there ever were,
-- <day>:<unit> → how many on that day, in days since 1970. Days that are over for CHARGED_DAYS go
-- when something new is counted.
local CHARGED_DAYS = 31

local function forget_old_days(today)
  for _, field in ipairs(redis.call("HKEYS", keys.charges)) do
    local day = string.match(field, "^(%d+):")
    if day and tonumber(day) <= today - CHARGED_DAYS then
      redis.call("HDEL", keys.charges, field)
    end
  end
end

-- Counts so many more of a unit, on the day on which it is known.
local function charge(unit, count)
  local day = math.floor(args.now / 86400)
  local known = redis.call("HINCRBY", keys.charges, string.format("%d:%s", day, unit), count)
  redis.call("HINCRBY", keys.charges, unit, count)
  redis.call("HSETNX", keys.charges, "since", string.format("%d", math.floor(args.now)))
  if known == count then
    forget_old_days(day)
  end
end
