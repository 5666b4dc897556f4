-- purge_ended: forgets sessions whose retention is over.
-- keys: sessions ended interactions leases recruiters=past("recruiter" batch.recruiter)
--       candidates=past("candidate" batch.candidate)
-- args: now:number batch:records(id recruiter candidate)
-- uses: batching
--
-- Safe to run twice. Answers how many were forgotten.

local function forget_latest(past_key, counterpart, id)
  if redis.call("HGET", past_key, counterpart) == id then
    redis.call("HDEL", past_key, counterpart)
  end
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
    redis.call("ZREMRANGEBYLEX", keys.interactions, "[" .. each.id .. "\t", "(" .. each.id .. "\n")
    ids[#ids + 1] = each.id
  end
end
in_batches("HDEL", keys.sessions, ids)
in_batches("HDEL", keys.leases, ids)
in_batches("ZREM", keys.ended, ids)
return #ids
