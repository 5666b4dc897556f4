-- record_opt_out: records STOP or START of one phone in one scope, with its time, so that an older
-- word that arrives later (fetched from the carrier's list) changes nothing.
-- keys: stopped=stopped(indexes*)
-- args: scope word since cause remembered:number start_alone_for:number indexes:list
-- uses: opt_out
--
-- A scope is a virtual number (run with a board's keys) or a messaging service (run with the
-- deployment's). word is "stopped" or "started"; cause is a message's id, of which so many are
-- `remembered`. A START of somebody who never stopped is kept for `start_alone_for` seconds.
--
-- A word that changes nothing is on record all the same: it is the last one for those that come
-- late.
--
-- Safe to run twice, and late: the last messages are on record, and each gets the same answer
-- again without any effect.
-- Answers 1 when the message is one that changed something, else 0.

local function causes_of(last)
  local causes = { list = {} }
  for one in string.gmatch(last.causes, "[^,]+") do
    causes.list[#causes.list + 1] = one
    causes.has_changed = causes.has_changed or one == args.cause
    causes.are_known = causes.are_known or one == args.cause or one == "~" .. args.cause
  end
  return causes
end

-- Whoever has ever stopped stays on record; anybody may say START, or YES.
local function write(key, last)
  local is_new = redis.call("EXISTS", key) == 0
  write_opt_out(key, args.scope, last)
  if last.word == "stopped" then
    redis.call("PERSIST", key)
  elseif is_new or redis.call("TTL", key) >= 0 then
    redis.call("EXPIRE", key, args.start_alone_for)
  end
end

-- Answers whether the message changed something under this key, now or when it came before.
local function record(key)
  local last = read_opt_out(redis.call("HGET", key, args.scope))
  local causes = causes_of(last)
  if causes.are_known then
    return causes.has_changed
  end
  local is_news = tonumber(last.since) <= tonumber(args.since)
  local changes = is_news and last.word ~= args.word
  table.insert(causes.list, 1, changes and args.cause or "~" .. args.cause)
  causes.list[args.remembered + 1] = nil
  last.causes = table.concat(causes.list, ",")
  if is_news then
    last.word, last.since = args.word, args.since
    last.refused_at = args.word == "stopped" and last.refused_at or ""
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
