-- What is not sent yet, by since when it could have been, in POSIX seconds: for metrics. A later
-- try does not change that.
-- keys: unsent

local function note_unsent(id, since)
  redis.call("ZADD", keys.unsent, since, id)
end

local function note_sent(id)
  redis.call("ZREM", keys.unsent, id)
end
