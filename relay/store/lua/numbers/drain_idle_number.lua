-- drain_idle_number: sets a number to draining that has been idle since before a moment and that
-- nobody has set aside or claimed in between.
-- keys: number(number) load idle blocked resting policy
-- args: number before:number allocatable:number
-- uses: statuses
--
-- Allocatable is how many such numbers the caller counted. Whoever drains another one meanwhile has
-- used up the headroom that the caller saw: it looks again. Safe to run twice.
-- Answers "drained", "changed" when there are fewer or more numbers by now, or "stays".

local function is_idle()
  local since = redis.call("ZSCORE", keys.idle, args.number)
  return since and tonumber(since) <= args.before
    and redis.call("HEXISTS", keys.load, args.number) == 0
end

local function count_allocatable()
  local counts = redis.call("HMGET", keys.policy, "numbers:available", "numbers:resting")
  return tonumber(counts[1] or "0") + tonumber(counts[2] or "0")
end

local function drain(ordinal, status)
  change_status(keys, status, "draining")
  redis.call("HSET", keys.number, "status", "draining")
  redis.call("HDEL", keys.number, "resting_since", "complaints")
  redis.call("SETBIT", keys.blocked, ordinal, 1)
  redis.call("SETBIT", keys.resting, ordinal, 0)
end

local status, ordinal = unpack(redis.call("HMGET", keys.number, "status", "ordinal"))
if not is_idle() then
  return "stays"
elseif status == "draining" then
  return "drained"  -- by this very call: its reply was lost
elseif status ~= "available" and status ~= "resting" then
  return "stays"
elseif count_allocatable() ~= args.allocatable then
  return "changed"
end
drain(ordinal, status)
return "drained"
