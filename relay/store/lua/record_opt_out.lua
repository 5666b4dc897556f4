-- record_opt_out: STOP and START of one phone, each with its time, so that an older word that
-- arrives later (fetched from the carrier's list) changes nothing.
--
-- Safe to run twice, and late: the last messages that changed something are on record, and each
-- gets the same answer again without any effect.
-- Answers 1 when the message is one that changed something, else 0.
local word = ARGV[1]            -- "stopped" or "started"
local since = ARGV[2]           -- seconds
local cause = ARGV[3]           -- message id
local remembered = tonumber(ARGV[4])  -- how many causes are kept
local FIRST_SCOPE = 5           -- virtual number, "service"
-- KEYS: hashes, one for each of the phone's indexes. A field's value: word, time, causes.

local function read(known)
  local last = { causes = {} }
  local causes
  last.word, last.since, causes = string.match(known or "started 0 ", "^(%S+) (%S+) (.*)$")
  for one in string.gmatch(causes, "[^,]+") do
    last.causes[#last.causes + 1] = one
    last.knows_cause = last.knows_cause or one == cause
  end
  return last
end

local changed = 0
for _, key in ipairs(KEYS) do
  for position = FIRST_SCOPE, #ARGV do
    local scope = ARGV[position]
    local last = read(redis.call("HGET", key, scope))
    if last.knows_cause then
      changed = 1
    elseif last.word ~= word and tonumber(last.since) <= tonumber(since) then
      table.insert(last.causes, 1, cause)
      last.causes[remembered + 1] = nil
      redis.call("HSET", key, scope,
        table.concat({ word, since, table.concat(last.causes, ",") }, " "))
      changed = 1
    end
  end
end
return changed
