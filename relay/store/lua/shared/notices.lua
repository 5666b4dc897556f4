-- Notices: texts of ours to a participant.
-- keys: outbox lanes counters notice=message(notice_id)
-- args: now:number notice_id notice_kind look_again:number record_life:number
-- uses: lanes
--
-- A notice's id is its cause's id and its kind, so that it can exist once only. It holds no text:
-- that is written in the receiver's language when it is sent. look_again: seconds until the sweeper
-- looks for it; record_life is in seconds, too.

-- to: session id, side, number, index, locale, one_of_several (nothing says that it is about this
-- session, so it gets no code prefix). True when there is a new notice.
local function add_notice(keys, args, to)
  if redis.call("EXISTS", keys.notice) == 1 then
    return false
  end
  local order = redis.call("HINCRBY", keys.counters, "text_order", 1)
  local entry = lane_entry_of(to.number .. ":" .. to.index, order, args.notice_id)
  redis.call("HSET", keys.notice, "session", to.session, "side", to.side, "kind", "notice",
    "notice", args.notice_kind, "status", "received", "rank", "0",
    "started_at", string.format("%.3f", args.now), "number", to.number, "index", to.index,
    "locale", to.locale, "order", order, "lane_entry", entry,
    "one_of_several", to.one_of_several and "1" or "")
  redis.call("EXPIRE", keys.notice, args.record_life)
  redis.call("ZADD", keys.lanes, 0, entry)
  redis.call("ZADD", keys.outbox, args.now + args.look_again, args.notice_id)
  return true
end
