-- put_participant: creates a person or changes what is known of them, all but a phone that they
-- have.
-- keys: guesses_of=guesses_of(kind role ref)
-- uses: session given_person guesses
--
-- A person without a phone gets the one that is given; somebody who has it already gets it sealed
-- and indexed under the keys that are given. A phone that is not theirs and one that is somebody
-- else's are guesses of `client`, an API key's id. Safe to run twice, as far as it matters: a guess
-- counts twice then.
--
-- Answers {"created"}, {"updated"}, {"other_phone"} (the person has another one: change_phone),
-- {"held"} (another candidate has this one), or {"too_many", seconds} after too many guesses,
-- whatever this one is.
local known = redis.call("HMGET", person.key, "status", "indexes")
local has_phone = known[1] == "active"
local wait = (has_phone or args.role == "candidate") and wait_after_guesses(keys.guesses_of)
if wait then
  return { "too_many", wait }
end
local has_another = has_phone and not is_same_phone(person, known[2])
if has_another or other_holder(person) then
  count_guess(keys.guesses_of)
  return { has_another and "other_phone" or "held" }
end
write_phone(person, not has_phone)
write_details(person)
if known[1] then
  return { "updated" }
end
redis.call("PFADD", keys.registered, args.indexes[1])
return { "created" }
