-- set_number_status: changes a number's status, and what that means to new sessions with it.
-- keys: number(number) blocked resting idle
-- args: number status is_blocked:flag is_resting:flag expected? since? complaints?
-- uses: statuses
--
-- Is_blocked says that the status keeps new sessions off it. Of a resting number, since (whole
-- seconds) and complaints (comma-joined) say from when and why.
-- With an expected status it changes nothing when the number has another one meanwhile, so that the
-- pool never overrides its operator. Safe to run twice. Answers 1, or 0 for a number that is not in
-- the pool or has another status.

local function mark(ordinal)
  redis.call("SETBIT", keys.blocked, ordinal, args.is_blocked and 1 or 0)
  redis.call("SETBIT", keys.resting, ordinal, args.is_resting and 1 or 0)
end

local ordinal, status = unpack(redis.call("HMGET", keys.number, "ordinal", "status"))
if not ordinal or (args.expected and args.expected ~= status) then
  return 0
end
change_status(keys, status, args.status)
mark(ordinal)
redis.call("HSET", keys.number, "status", args.status)
-- What it was before does not count as idle: it would be given back the minute it is wanted again.
redis.call("ZREM", keys.idle, args.number)
if args.is_resting then
  redis.call("HSET", keys.number, "resting_since", args.since or "",
    "complaints", args.complaints or "")
else
  redis.call("HDEL", keys.number, "resting_since", "complaints")
end
return 1
