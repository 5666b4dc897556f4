-- refresh_party: a person's open sessions follow what is now on record of them.
-- keys: sessions theirs=sessions_of(role ref)
-- args: role ref locale guard
-- uses: session batching
--
-- Safe to run twice. Answers how many were changed.
local ids, records = redis.call("HVALS", keys.theirs.open), {}
for position, record in ipairs(read_fields(keys.sessions, ids)) do
  local session = read_session(record)
  session[args.role .. "_locale"], session[args.role .. "_guard"] = args.locale, args.guard
  records[2 * position - 1], records[2 * position] = ids[position], pack_session(session)
end
in_batches("HSET", keys.sessions, records, 2)
return #ids
