-- A message leaves its lane, and the next one in it may go.
-- keys: message=message(id) outbox lanes sending
-- args: now:number id look_again:number
-- uses: lanes unsent
--
-- look_again: seconds until the sweeper looks for the next one.

-- Takes the message out of its lane and the outbox: nothing is left to send.
local function leave(keys, args, entry)
  redis.call("ZREM", keys.lanes, entry)
  redis.call("ZREM", keys.outbox, args.id)
  note_sent(args.id)
  redis.call("HSET", keys.message, "lane_entry", "", "outcome_unknown", "")
end

-- Lets go of a lane if it is held by this token, and sees to whoever is first in it now. Answers
-- that message's id, or "".
local function pass_on(keys, args, lane, token)
  let_go(keys.sending, lane, token)
  local _, next_id = first_in(keys.lanes, lane)
  if not next_id then
    return ""
  end
  redis.call("ZADD", keys.outbox, args.now + args.look_again, next_id)
  return next_id
end
