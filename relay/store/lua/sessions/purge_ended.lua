-- purge_ended: forgets sessions whose retention is over.
-- keys: sessions ended leases recruiters=past("recruiter" batch.recruiter)
--       candidates=past("candidate" batch.candidate)
-- args: now:number batch:records(id recruiter candidate)
-- uses: batching listing
--
-- Safe to run twice.

local function forget_latest(past_key, counterpart, id)
  if redis.call("HGET", past_key, counterpart) == id then
    redis.call("HDEL", past_key, counterpart)
  end
end

local function forget_interactions(id)
  local first, last = "[" .. id .. "\t", "(" .. id .. "\n"
  local gone = {}
  for _, line in ipairs(redis.call("ZRANGEBYLEX", keys.interactions, first, last)) do
    local started_at, one = string.match(line, "^[^\t]*\t([^\t]*)\t([^\t]*)$")
    if started_at then
      local _, by_start = lines_of(id, started_at, one)
      gone[#gone + 1] = by_start
    end
  end
  in_batches("ZREM", keys.timeline, gone)
  redis.call("ZREMRANGEBYLEX", keys.interactions, first, last)
end

local looked_at, ids = {}, {}
for position, each in ipairs(args.batch) do
  looked_at[position] = each.id
end
local scores = read_scores(keys.ended, looked_at)
for position, each in ipairs(args.batch) do
  if scores[position] and tonumber(scores[position]) <= args.now then
    forget_latest(keys.recruiters[position], each.candidate, each.id)
    forget_latest(keys.candidates[position], each.recruiter, each.id)
    forget_interactions(each.id)
    ids[#ids + 1] = each.id
  end
end
in_batches("HDEL", keys.sessions, ids)
in_batches("HDEL", keys.leases, ids)
in_batches("ZREM", keys.ended, ids)
