-- Whether both sides still have the phones that an open session knows.
--
-- A phone change leaves a session behind that has expired, whether it is closed yet or not. A
-- request that began before its expiry, and comes after the change, must not prolong it: somebody's
-- former phone would be connected again.

local function has_index(person_key, index)
  local known = redis.call("HGET", person_key, "indexes") or ""
  return string.find("," .. known .. ",", "," .. index .. ",", 1, true) ~= nil
end

local function has_present_phones(session, recruiter_key, candidate_key)
  return has_index(recruiter_key, session.recruiter_index)
    and has_index(candidate_key, session.candidate_index)
end
