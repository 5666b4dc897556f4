-- pass_at_rate: lets one pass of what may pass so many times a second.
-- keys: passed=sends(account)
-- args: now:number account per_second:number
--
-- The key has the moment until which what has passed is paid for (GCRA); a quarter of a second may
-- pass at once. Safe to run twice as far as it matters: a repeated call counts one too many.
-- Answers the seconds until the next may pass: "0" when this one does.
local cost = 1 / args.per_second
local paid_until = math.max(tonumber(redis.call("GET", keys.passed) or "0"), args.now)
local too_early = paid_until - args.now - math.max(0.25 - cost, 0)
if too_early >= 0.001 then
  return string.format("%.3f", too_early)
end
redis.call("SET", keys.passed, string.format("%.6f", paid_until + cost), "EX", 60)
return "0"
