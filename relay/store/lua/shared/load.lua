-- How many sessions a number carries, open and cooling.
-- keys: load idle

-- One more session on a number, which is idle no more. Returns how many it carries.
local function load_number(keys, number)
  local sessions = redis.call("HINCRBY", keys.load, number, 1)
  if sessions == 1 then
    redis.call("ZREM", keys.idle, number)
  end
  return sessions
end
