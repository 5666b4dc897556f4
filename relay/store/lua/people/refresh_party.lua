-- refresh_party: a person's open sessions follow what is now on record of them.
-- keys: person=person(role ref) sessions theirs=sessions_of(role ref)
-- args: role ref
-- uses: session batching
--
-- It reads the record itself: a request that comes late brings no older values. Safe to run twice.
-- Answers how many were changed.
local known = redis.call("HMGET", keys.person, "locale", "guard")
local locale, guard = known[1], known[2]
local ids, changed = redis.call("HVALS", keys.theirs.open), {}
for position, record in ipairs(read_fields(keys.sessions, ids)) do
  local session = read_session(record)
  if session[args.role .. "_locale"] ~= locale or session[args.role .. "_guard"] ~= guard then
    session[args.role .. "_locale"], session[args.role .. "_guard"] = locale, guard
    changed[#changed + 1] = ids[position]
    changed[#changed + 1] = pack_session(session)
  end
end
in_batches("HSET", keys.sessions, changed)
return #changed / 2
