-- record_opt_out: STOP and START of one phone, each with its time, so that an older word that
-- arrives later (fetched from the carrier's list) changes nothing.
--
-- A word that changes nothing is on record all the same: it is the last one for those that come
-- late. Safe to run twice, and late: the last messages are on record, and each gets the same answer
-- again without any effect.
-- Answers 1 when the message is one that changed something, else 0.
local word = ARGV[1]            -- "stopped" or "started"
local since = ARGV[2]           -- seconds
local cause = ARGV[3]           -- message id
local remembered = tonumber(ARGV[4])  -- how many causes are kept
local start_alone_for = tonumber(ARGV[5])  -- seconds until a START of somebody never stopped goes
local FIRST_SCOPE = 6           -- virtual number, "service"
-- KEYS: hashes, one for each of the phone's indexes. A field's value: word, time, causes; one that
-- changed nothing has a "~" before it.

local function read(known)
  local last = { causes = {} }
  local causes
  last.word, last.since, causes = string.match(known or "started 0 ", "^(%S+) (%S+) (.*)$")
  for one in string.gmatch(causes, "[^,]+") do
    last.causes[#last.causes + 1] = one
    last.is_cause = last.is_cause or one == cause
    last.knows_cause = last.knows_cause or one == cause or one == "~" .. cause
  end
  return last
end

-- Whoever has ever stopped stays on record; anybody may say START, or YES.
local function record(key, scope, last)
  local is_new = redis.call("EXISTS", key) == 0
  redis.call("HSET", key, scope,
    table.concat({ last.word, last.since, table.concat(last.causes, ",") }, " "))
  if last.word == "stopped" then
    redis.call("PERSIST", key)
  elseif is_new or redis.call("TTL", key) >= 0 then
    redis.call("EXPIRE", key, start_alone_for)
  end
end

local changed = 0
for _, key in ipairs(KEYS) do
  for position = FIRST_SCOPE, #ARGV do
    local scope = ARGV[position]
    local last = read(redis.call("HGET", key, scope))
    if last.is_cause then
      changed = 1
    elseif not last.knows_cause then
      local is_news = tonumber(last.since) <= tonumber(since)
      local changes = is_news and last.word ~= word
      table.insert(last.causes, 1, changes and cause or "~" .. cause)
      last.causes[remembered + 1] = nil
      if is_news then
        last.word, last.since = word, since
      end
      record(key, scope, last)
      changed = changes and 1 or changed
    end
  end
end
return changed
