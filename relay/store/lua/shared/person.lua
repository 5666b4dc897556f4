-- A participant's record, and who holds a phone: candidates are unique by it.
-- keys: person=person(role ref) holders=holder(held*) seals
-- args: now:number role ref sealed indexes:list held:list key_ids hint country locale name
--       organization time_zone guard
--
-- sealed and indexes: the phone that is given, or nothing; held: the same indexes of a candidate,
-- none of a recruiter.

local function is_same_phone(known_indexes)
  for _, index in ipairs(args.indexes) do
    if string.find("," .. known_indexes .. ",", "," .. index .. ",", 1, true) then
      return true
    end
  end
  return false
end

-- Returns the ref of another candidate who has the phone, or nil.
local function other_holder()
  for _, key in ipairs(keys.holders) do
    local holder = redis.call("GET", key)
    if holder and holder ~= args.ref then
      return holder
    end
  end
  return nil
end

-- is_new: it was another one's before, or nobody's. phone_since is compared with STOPs.
local function write_phone(is_new)
  if is_new then
    redis.call("HSET", keys.person, "phone_since", string.format("%.3f", args.now))
  end
  redis.call("HSET", keys.seals, args.role .. ":" .. args.ref, args.sealed)
  redis.call("HSET", keys.person, "status", "active", "indexes", table.concat(args.indexes, ","),
    "key_ids", args.key_ids, "hint", args.hint, "country", args.country)
  for position, key in ipairs(keys.holders) do
    if position == 1 then
      redis.call("SET", key, args.ref)
    else
      redis.call("DEL", key)
    end
  end
end

local function write_details()
  redis.call("HSETNX", keys.person, "created_at", whole(args.now))
  redis.call("HSET", keys.person, "updated_at", whole(args.now), "locale", args.locale,
    "name", args.name, "organization", args.organization, "time_zone", args.time_zone,
    "guard", args.guard)
end
