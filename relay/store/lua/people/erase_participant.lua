-- erase_participant: forgets a person: their record, who holds their phone, their open sessions and
-- the decisions of their calls under way. From now on nobody finds them.
-- keys: person=person(role ref) holders=holder(held*) theirs=sessions_of(role ref) seals
--       erasures rewritten
-- args: ref reason held:list
-- uses: closing_all revoking
--
-- Nothing that is left can be turned into their number: keyed hashes of bindings that cool, and of
-- a STOP. Texts on their way to them cannot be sent any more. held: a candidate's indexes on
-- record, none of a recruiter. Safe to run twice: `erasures` remembers who was erased lately, by a
-- moment later than any before, also than those that are forgotten.
--
-- Answers "erased", "unknown", or "again" (the person is not as the caller has seen them).
local member = args.role .. ":" .. args.ref
if redis.call("EXISTS", keys.person) == 0 then
  return redis.call("ZSCORE", keys.erasures, member) and "erased" or "unknown"
end
local by_pool = plan_closings(pools_by_name(), keys.theirs, args.reason)
local indexes = redis.call("HGET", keys.person, "indexes") or ""
if not by_pool or args.role == "candidate" and indexes ~= table.concat(args.held, ",") then
  return "again"
end
close_all(by_pool)
revoke_calls_of(args.role, args.ref, 0)
for _, key in ipairs(keys.holders) do
  if redis.call("GET", key) == args.ref then
    redis.call("DEL", key)
  end
end
redis.call("DEL", keys.person)
redis.call("HDEL", keys.seals, member)
local latest = redis.call("ZRANGE", keys.erasures, 0, 0, "REV", "WITHSCORES")[2]
local before = math.max(tonumber(latest or 0), tonumber(redis.call("GET", keys.rewritten) or 0))
local moment = math.max(math.floor(args.now * 1000), before + 1)
redis.call("ZADD", keys.erasures, string.format("%.0f", moment), member)
return "erased"
