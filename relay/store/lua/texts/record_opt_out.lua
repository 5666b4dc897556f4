-- record_opt_out: records STOP or START of one phone in one scope, with its time, so that an older
-- word that arrives later (fetched from the carrier's list) changes nothing.
-- keys: stopped=stopped(indexes*)
-- args: scope word since cause remembered:number start_alone_for:number indexes:list
--
-- A scope is a virtual number (run with a board's keys) or a messaging service (run with the
-- deployment's). word is "stopped" or "started"; cause is a message's id, of which so many are
-- `remembered`. A START of somebody who never stopped is kept for `start_alone_for` seconds.
--
-- A field's value is word, time, causes; a cause that changed nothing has a "~" before it. A word
-- that changes nothing is on record all the same: it is the last one for those that come late.
--
-- Safe to run twice, and late: the last messages are on record, and each gets the same answer
-- again without any effect.
-- Answers 1 when the message is one that changed something, else 0.

local function read(known)
  local last, causes = { causes = {} }, nil
  last.word, last.since, causes = string.match(known or "started 0 ", "^(%S+) (%S+) (.*)$")
  for one in string.gmatch(causes, "[^,]+") do
    last.causes[#last.causes + 1] = one
    last.is_cause = last.is_cause or one == args.cause
    last.knows_cause = last.knows_cause or one == args.cause or one == "~" .. args.cause
  end
  return last
end

-- Whoever has ever stopped stays on record; anybody may say START, or YES.
local function write(key, last)
  local is_new = redis.call("EXISTS", key) == 0
  redis.call("HSET", key, args.scope,
    table.concat({ last.word, last.since, table.concat(last.causes, ",") }, " "))
  if last.word == "stopped" then
    redis.call("PERSIST", key)
  elseif is_new or redis.call("TTL", key) >= 0 then
    redis.call("EXPIRE", key, args.start_alone_for)
  end
end

-- Answers whether the message changed something under this key, now or when it came before.
local function record(key)
  local last = read(redis.call("HGET", key, args.scope))
  if last.knows_cause then
    return last.is_cause
  end
  local is_news = tonumber(last.since) <= tonumber(args.since)
  local changes = is_news and last.word ~= args.word
  table.insert(last.causes, 1, changes and args.cause or "~" .. args.cause)
  last.causes[args.remembered + 1] = nil
  if is_news then
    last.word, last.since = args.word, args.since
  end
  write(key, last)
  return changes
end

local changed = 0
for _, key in ipairs(keys.stopped) do
  if record(key) then
    changed = 1
  end
end
return changed
