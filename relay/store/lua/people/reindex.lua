-- reindex: a person's phone is found by the index keys, and sealed by the sealing key, of new rings
-- from now on; their guard is stamped under them.
-- keys: person=person(role ref) holders=holder(held*) seals
-- args: role ref sealed sealed_anew indexes key_ids guard held:list
--
-- Only while it is still the phone that was read (`sealed`). held: a candidate's indexes, the new
-- writing key's first. Safe to run twice. Answers 1, or 0 when it is another phone.
local whose = args.role .. ":" .. args.ref
if redis.call("HGET", keys.seals, whose) ~= args.sealed then
  return 0
end
redis.call("HSET", keys.seals, whose, args.sealed_anew)
redis.call("HSET", keys.person, "indexes", args.indexes, "key_ids", args.key_ids,
  "guard", args.guard)
for position, key in ipairs(keys.holders) do
  if position == 1 then
    redis.call("SET", key, args.ref)
  else
    redis.call("DEL", key)
  end
end
return 1
