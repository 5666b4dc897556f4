-- amend_participant: changes what is known of a person, all but their phone.
-- keys: person=person(role ref)
-- args: now:number role ref seen sealed? hint locale name organization time_zone guard
-- uses: session person
--
-- seen: their indexes when the caller looked; sealed: the same phone with another extension, with
-- its hint. Safe to run twice. Answers 1, or 0 when they are gone, or have another phone by now.
local known = redis.call("HMGET", keys.person, "status", "indexes", "key_ids")
if not known[1] or (known[2] or "") ~= args.seen then
  return 0
end
if args.sealed then
  keep_seal(args.role .. ":" .. args.ref, keys.person, args.sealed, known[3] or "")
  redis.call("HSET", keys.person, "hint", args.hint)
end
write_details({
  key = keys.person, role = args.role, ref = args.ref, locale = args.locale, name = args.name,
  organization = args.organization, time_zone = args.time_zone, guard = args.guard,
})
return 1
