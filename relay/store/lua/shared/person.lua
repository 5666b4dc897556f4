-- A participant's record, and who holds a phone: candidates are unique by it.
-- keys: recruiters=refs("recruiter") candidates=refs("candidate")
-- args: now:number
-- uses: keeping_seals
--
-- A person here: key (of the record) and holders (of a candidate's phone, none of a recruiter's);
-- and what is given of them: role, ref, indexes (a list), sealed, key_ids, hint, country, locale,
-- name, organization, time_zone, guard.

local function is_same_phone(person, known_indexes)
  for _, index in ipairs(person.indexes) do
    if string.find("," .. known_indexes .. ",", "," .. index .. ",", 1, true) then
      return true
    end
  end
  return false
end

-- Returns the ref of another candidate who has the phone, or nil.
local function other_holder(person)
  for _, key in ipairs(person.holders) do
    local holder = redis.call("GET", key)
    if holder and holder ~= person.ref then
      return holder
    end
  end
  return nil
end

-- is_new: it was another one's before, or nobody's. phone_since is compared with STOPs.
local function write_phone(person, is_new)
  if is_new then
    redis.call("HSET", person.key, "phone_since", string.format("%.3f", args.now))
  end
  keep_seal(person.role .. ":" .. person.ref, person.key, person.sealed, person.key_ids)
  redis.call("HSET", person.key, "status", "active", "indexes", table.concat(person.indexes, ","),
    "hint", person.hint, "country", person.country)
  for position, key in ipairs(person.holders) do
    if position == 1 then
      redis.call("SET", key, person.ref)
    else
      redis.call("DEL", key)
    end
  end
end

local function write_details(person)
  local refs = person.role == "recruiter" and keys.recruiters or keys.candidates
  redis.call("ZADD", refs, 0, person.ref)
  redis.call("HSETNX", person.key, "created_at", whole(args.now))
  redis.call("HSET", person.key, "updated_at", whole(args.now), "locale", person.locale,
    "name", person.name, "organization", person.organization, "time_zone", person.time_zone,
    "guard", person.guard)
end
