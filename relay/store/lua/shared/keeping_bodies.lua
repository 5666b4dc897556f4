-- The sealed body of a text is noted and deleted here alone, and counted by its key.
-- keys: kept_bodies
-- args: now:number
-- uses: under_keys
--
-- kept_bodies has "key id:message id" by when the body ends by itself: Redis says nothing when it
-- deletes one, so what has ended is counted off with the next one that comes or goes.

-- In one step as many as a script may take its time for.
local MOST_ENDED = 200

local function count_off(member)
  if redis.call("ZREM", keys.kept_bodies, member) == 1 then
    count_under("text", key_of_seal(member), -1)
  end
end

local function count_off_ended()
  local ended = redis.call("ZRANGEBYSCORE", keys.kept_bodies, "-inf", args.now,
    "LIMIT", 0, MOST_ENDED)
  for _, member in ipairs(ended) do
    count_off(member)
  end
end

-- sealed is kept under this message until ends_at.
local function note_body(id, sealed, ends_at)
  local member = key_of_seal(sealed) .. ":" .. id
  if redis.call("ZADD", keys.kept_bodies, ends_at, member) == 1 then
    count_under("text", key_of_seal(member), 1)
  end
  count_off_ended()
end

-- Returns until when the body was to be kept, or nil.
local function forget_body(body_key, id)
  local sealed, till = redis.call("GET", body_key), nil
  if sealed then
    local member = key_of_seal(sealed) .. ":" .. id
    till = redis.call("ZSCORE", keys.kept_bodies, member)
    count_off(member)
  end
  count_off_ended()
  return till or nil
end

local function drop_body(body_key, id)
  forget_body(body_key, id)
  redis.call("DEL", body_key)
end
