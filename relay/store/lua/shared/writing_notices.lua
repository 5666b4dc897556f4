-- Writing notices down: texts of ours to a participant.
-- keys: outbox lanes counters
-- args: now:number look_again:number record_life:number
-- uses: lanes unsent
--
-- A notice's id is its cause's id and its kind, so that it can exist once only. It holds no text:
-- that is written in the receiver's language when it is sent. look_again: seconds until the sweeper
-- looks for it; record_life is in seconds, too.

-- notice: key, id and kind. to: session id, side, number, index, locale, one_of_several (nothing
-- says that it is about this session, so it gets no code prefix). True when it is a new one.
local function write_notice(notice, to)
  if redis.call("EXISTS", notice.key) == 1 then
    return false
  end
  local order = redis.call("HINCRBY", keys.counters, "text_order", 1)
  local entry = lane_entry_of(to.number .. ":" .. to.index, order, notice.id)
  redis.call("HSET", notice.key, "session", to.session, "side", to.side, "kind", "notice",
    "notice", notice.kind, "status", "received", "rank", "0",
    "started_at", string.format("%.3f", args.now), "number", to.number, "index", to.index,
    "locale", to.locale, "order", order, "lane_entry", entry,
    "one_of_several", to.one_of_several and "1" or "")
  redis.call("EXPIRE", notice.key, args.record_life)
  redis.call("ZADD", keys.lanes, 0, entry)
  redis.call("ZADD", keys.outbox, args.now + args.look_again, notice.id)
  note_unsent(notice.id, args.now)
  return true
end
