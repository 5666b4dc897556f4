-- settle_purchase: what became of a number that a job was about to buy. Safe to run twice: only who
-- takes the intent away counts the number. Answers 1, or 0 where there was no such intent.
local job_key = KEYS[1]     -- hash
local buying_key = KEYS[2]  -- hash
local id = ARGV[1]          -- job id
local number = ARGV[2]      -- virtual number
local is_bought = ARGV[3]   -- "1" or ""

local intent = redis.call("HGET", buying_key, number)
if not intent or string.match(intent, "^(.-)\t") ~= id then
  return 0
end
redis.call("HDEL", buying_key, number)
if is_bought == "1" then
  local bought = redis.call("HGET", job_key, "bought")
  redis.call("HDEL", job_key, "pauses")  -- the carrier serves us again
  redis.call("HSET", job_key, "bought", (bought and bought ~= "") and bought .. " " .. number or number)
end
return 1
