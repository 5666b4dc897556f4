-- reindex: a person's phone is found by the index keys, and sealed by the sealing key, of new rings
-- from now on; their guard is stamped under them.
-- keys: person=person(role ref) holders=holder(held*) reach
-- args: role ref sealed sealed_anew indexes key_ids guard held:list
-- uses: keeping_seals
--
-- Only while it is still the phone that was read (`sealed`). held: a candidate's indexes, the new
-- writing key's first. Safe to run twice. Answers 1, or 0 when it is another phone.

-- What was noted of the phone at an index that it had holds at its new one.
local function carry_reach(of, index)
  local reason, noted = string.match(redis.call("HGET", keys.reach, of) or "", "^(%S+) (%S+)$")
  local known = "," .. (redis.call("HGET", keys.person, "indexes") or "") .. ","
  if noted and string.find(known, "," .. noted .. ",", 1, true) then
    redis.call("HSET", keys.reach, of, reason .. " " .. index)
  end
end

local whose = args.role .. ":" .. args.ref
if redis.call("HGET", keys.seals, whose) ~= args.sealed then
  return 0
end
keep_seal(whose, keys.person, args.sealed_anew, args.key_ids)
carry_reach(whose, string.match(args.indexes, "^[^,]+"))
redis.call("HSET", keys.person, "indexes", args.indexes, "guard", args.guard)
for position, key in ipairs(keys.holders) do
  if position == 1 then
    redis.call("SET", key, args.ref)
  else
    redis.call("DEL", key)
  end
end
return 1
