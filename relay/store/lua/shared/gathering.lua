-- Somebody is told what happens again and again: at once, and of what follows by its count.
-- keys: outbox more=message(more_id)
-- args: now:number notice_kind more_kind more_id more_at:number record_life:number
-- uses: session notices unsent
--
-- more_id: of the notice that counts, "" where nobody is told of the others. It is in no lane
-- before more_at, so that nothing waits behind it.

-- counter: key, id and kind of a notice that counts, and when it goes out.
local function count_in(counter, keys, args, to)
  redis.call("HINCRBY", counter.key, "count", 1)
  if redis.call("HSETNX", counter.key, "session", to.session) == 0 then
    return
  end
  redis.call("HSET", counter.key, "side", to.side, "kind", "notice",
    "notice", counter.kind, "status", "received", "rank", "0",
    "started_at", string.format("%.3f", args.now), "number", to.number, "index", to.index,
    "locale", to.locale, "lane_entry", "", "enters_at", whole(counter.at))
  redis.call("EXPIRE", counter.key, args.record_life)
  redis.call("ZADD", keys.outbox, counter.at, counter.id)
  note_unsent(counter.id, counter.at)
end

-- to: as of a notice. True when there is a new notice to be sent at once.
local function tell(keys, args, to)
  if add_notice(keys, args, to) then
    return true
  elseif args.more_id ~= "" then
    local counter = {
      key = keys.more, id = args.more_id, kind = args.more_kind, at = args.more_at,
    }
    count_in(counter, keys, args, to)
  end
  return false
end
