-- erase_participant: forgets a person: their record, who holds their phone, their open sessions,
-- what they and others wrote that is still kept, and the decisions of their calls under way. From
-- now on nobody finds them.
-- keys: person=person(role ref) refs=refs(role) holders=holder(held*) theirs=sessions_of(role ref)
--       reach interactions bodies=body(texts*) erasures carrier_erasures rewritten
-- args: ref reason held:list texts:list texts_since:number
-- uses: closing_all revoking keeping_seals keeping_bodies
--
-- Nothing that is left can be turned into their number: keyed hashes of bindings that cool, and of
-- a STOP. held: a candidate's indexes on record, none of a recruiter; texts: ids of those, in all
-- of their sessions, whose body may be kept, accepted since texts_since. What waits without its
-- body is given up. Safe to run twice: `erasures` remembers who was erased lately, by a moment
-- later than any before, also than those that are forgotten, and `carrier_erasures` until the
-- carrier's records about them are deleted, too.
--
-- Answers "erased", "unknown", or "again" (the person is not as the caller has seen them).

-- Whether the caller has seen all texts of the open sessions; others get none any more.
local function has_seen_texts()
  local seen = {}
  for _, id in ipairs(args.texts) do
    seen[id] = true
  end
  for _, session_id in ipairs(redis.call("HVALS", keys.theirs.open)) do
    local entries = redis.call("ZRANGEBYLEX", keys.interactions,
      "[" .. session_id .. "\t" .. whole(args.texts_since), "(" .. session_id .. "\n")
    for _, entry in ipairs(entries) do
      local id = string.match(entry, "\t([^\t]*)$")
      local is_text = string.find(id, ".", 1, true)
      if is_text and not seen[id] then
        return false
      end
    end
  end
  return true
end

local member = args.role .. ":" .. args.ref
if redis.call("EXISTS", keys.person) == 0 then
  return redis.call("ZSCORE", keys.erasures, member) and "erased" or "unknown"
end
local by_pool = plan_closings(pools_by_name(), keys.theirs, args.reason)
local indexes = redis.call("HGET", keys.person, "indexes") or ""
if not by_pool or not has_seen_texts()
  or args.role == "candidate" and indexes ~= table.concat(args.held, ",")
then
  return "again"
end
close_all(by_pool)
for position, key in ipairs(keys.bodies) do
  drop_body(key, args.texts[position])
end
revoke_calls_of(args.role, args.ref, 0)
for _, key in ipairs(keys.holders) do
  if redis.call("GET", key) == args.ref then
    redis.call("DEL", key)
  end
end
drop_seal(member, keys.person)
redis.call("DEL", keys.person)
redis.call("ZREM", keys.refs, args.ref)
redis.call("HDEL", keys.reach, member)
local latest = redis.call("ZRANGE", keys.erasures, 0, 0, "REV", "WITHSCORES")[2]
local before = math.max(tonumber(latest or 0), tonumber(redis.call("GET", keys.rewritten) or 0))
local moment = math.max(math.floor(args.now * 1000), before + 1)
redis.call("ZADD", keys.erasures, string.format("%.0f", moment), member)
redis.call("ZADD", keys.carrier_erasures, string.format("%.0f", moment), member)
return "erased"
