-- The two people of a claim: as they are on record, or as the request gives them, who then come on
-- record with the session, or not at all.
-- keys: sessions recruiter=person("recruiter" recruiter_ref)
--       candidate=person("candidate" candidate_ref)
--       candidate_holders=holder(candidate_indexes*)
--       recruiter_guesses=guesses_of(kind "recruiter" recruiter_ref)
--       candidate_guesses=guesses_of(kind "candidate" candidate_ref)
-- args: kind pool recruiter_ref candidate_ref recruiter_indexes:list candidate_indexes:list
--       given:records(role seen ref sealed key_ids hint country locale name organization time_zone
--         guard)
-- uses: session batching person guesses
--
-- seen: the indexes that a given person had on record when the caller looked, "" for none.

local PLACES = {
  {
    role = "recruiter", ref = args.recruiter_ref, indexes = args.recruiter_indexes,
    key = keys.recruiter, holders = {}, guesses = keys.recruiter_guesses,
  },
  {
    role = "candidate", ref = args.candidate_ref, indexes = args.candidate_indexes,
    key = keys.candidate, holders = keys.candidate_holders, guesses = keys.candidate_guesses,
  },
}

local function add_given(side)
  for _, given in ipairs(args.given) do
    if given.role == side.role then
      side.is_given, side.seen = true, given.seen
      for _, name in ipairs({ "sealed", "key_ids", "hint", "country", "locale", "name",
        "organization", "time_zone", "guard" }) do
        side[name] = given[name]
      end
    end
  end
end

-- Adds to a side what is on record. False when the caller has seen somebody else.
local function read_side(side)
  local known = redis.call("HMGET", side.key, "indexes", "status", "locale", "guard")
  side.is_known, side.has_phone = known[2], known[2] == "active"
  if not side.is_given then
    side.locale, side.guard = known[3], known[4]
    return side.has_phone and known[1] == table.concat(side.indexes, ",")
  end
  side.has_another = side.has_phone and not is_same_phone(side, known[1])
  side.holder = other_holder(side)
  return (known[1] or "") == side.seen
end

-- The sides by role; nil when the caller has seen somebody else.
local function read_people()
  local people = {}
  for _, side in ipairs(PLACES) do
    add_given(side)
    if not read_side(side) then
      return nil
    end
    people[side.role] = side
  end
  return people
end

-- A given phone that is not theirs, or is somebody else's, is a guess. Returns the seconds to wait
-- after too many, whatever this one is; else nil.
local function count_guesses(people)
  for _, side in pairs(people) do
    local is_counted = side.is_given and (side.has_phone or side.role == "candidate")
    local wait = is_counted and wait_after_guesses(side.guesses)
    if wait then
      return wait
    end
  end
  for _, side in pairs(people) do
    if side.has_another or side.holder then
      count_guess(side.guesses)
    end
  end
  return nil
end

-- The role of somebody who must get another phone first, by change_phone; nil where nobody must.
local function who_changes(people)
  for _, role in ipairs({ "candidate", "recruiter" }) do
    if people[role].has_another or people[role].holder then
      return role
    end
  end
  return nil
end

-- The ordinals that a person's open sessions are on, which their new phone will be bound on.
local function ordinals_moving(side, open_key)
  local ids, ordinals = {}, {}
  for _, id in ipairs(side.has_another and redis.call("HVALS", open_key) or {}) do
    if string.sub(id, 1, #args.pool + 1) == args.pool .. "." then
      ids[#ids + 1] = id
    end
  end
  for _, record in ipairs(read_fields(keys.sessions, ids)) do
    ordinals[#ordinals + 1] = read_session(record).ordinal
  end
  return ordinals
end

-- Puts those who are given on record.
local function enter(people)
  for _, side in pairs(people) do
    if side.is_given then
      write_phone(side, not side.has_phone)
      write_details(side)
      if not side.is_known then
        redis.call("PFADD", keys.registered, side.indexes[1])
      end
    end
  end
end
