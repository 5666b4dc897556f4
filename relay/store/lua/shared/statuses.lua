-- How many of a pool's numbers have each status, so that its figures need no look at every number.
-- keys: policy

local function count_status(keys, status, change)
  redis.call("HINCRBY", keys.policy, "numbers:" .. status, change)
end

local function change_status(keys, from, to)
  count_status(keys, from, -1)
  count_status(keys, to, 1)
end
