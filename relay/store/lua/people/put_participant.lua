-- put_participant: creates a person or changes what is known of them, all but a phone that they
-- have.
-- uses: session person
--
-- A person without a phone gets the one that is given; somebody who has it already gets it sealed
-- and indexed under the keys that are given. Safe to run twice.
--
-- Answers "created", "updated", "other_phone" (the person has another one: change_phone) or "held"
-- (another candidate has this one).
local known = redis.call("HMGET", keys.person, "status", "indexes")
if known[1] == "active" and not is_same_phone(known[2]) then
  return "other_phone"
elseif other_holder() then
  return "held"
end
write_phone()
write_details()
return known[1] and "updated" or "created"
