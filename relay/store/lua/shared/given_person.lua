-- The one person that a script is about, as the request gives them.
-- keys: person=person(role ref) holders=holder(held*)
-- args: role ref sealed indexes:list held:list key_ids hint country locale name organization
--       time_zone guard
-- uses: person
--
-- sealed and indexes: the phone that is given, or nothing; held: the same indexes of a candidate,
-- none of a recruiter.
local person = {
  key = keys.person, holders = keys.holders, role = args.role, ref = args.ref,
  indexes = args.indexes, sealed = args.sealed, key_ids = args.key_ids, hint = args.hint,
  country = args.country, locale = args.locale, name = args.name,
  organization = args.organization, time_zone = args.time_zone, guard = args.guard,
}
