-- Somebody is told what happens again and again: at once, and of what follows by its count.
-- keys: outbox more=message(more_id)
-- args: now:number notice_kind more_id more_at:number record_life:number
-- uses: session notices
--
-- more_id: of the notice that counts, "" where nobody is told of the others. It is in no lane
-- before more_at, so that nothing waits behind it. Its kind is always the same: more_not_delivered.

local function count_more(keys, args, to)
  if redis.call("HINCRBY", keys.more, "count", 1) > 1 then
    return
  end
  redis.call("HSET", keys.more, "session", to.session, "side", to.side, "kind", "notice",
    "notice", "more_not_delivered", "status", "received", "rank", "0",
    "started_at", string.format("%.3f", args.now), "number", to.number, "index", to.index,
    "locale", to.locale, "lane_entry", "", "enters_at", whole(args.more_at))
  redis.call("EXPIRE", keys.more, args.record_life)
  redis.call("ZADD", keys.outbox, args.more_at, args.more_id)
end

-- to: as of a notice. True when there is a new notice to be sent at once.
local function tell(keys, args, to)
  if add_notice(keys, args, to) then
    return true
  elseif args.more_id ~= "" then
    count_more(keys, args, to)
  end
  return false
end
