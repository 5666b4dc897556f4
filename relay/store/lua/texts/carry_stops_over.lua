-- carry_stops_over: puts the last word of a phone, STOP or START, under each of its indexes, so
-- that it outlives the index key under which it was written.
-- keys: stopped=stopped(indexes*)
-- args: indexes:list
--
-- Run with the keys of a board or of the deployment, as record_opt_out. Safe to run twice.

local function written_at(known)
  return tonumber(string.match(known or "started 0 ", "^%S+ (%S+)"))
end

-- The last word in each scope, the longest life of a key, and whether one stays for ever.
local function read_all()
  local last, longest, stays = {}, 0, false
  for _, key in ipairs(keys.stopped) do
    local words, life = redis.call("HGETALL", key), redis.call("TTL", key)
    for position = 1, #words, 2 do
      local scope, word = words[position], words[position + 1]
      if written_at(last[scope]) < written_at(word) then
        last[scope] = word
      end
    end
    longest, stays = math.max(longest, life), stays or life == -1
  end
  return last, longest, stays
end

local function copy_to(key, last)
  for scope, word in pairs(last) do
    if written_at(redis.call("HGET", key, scope)) < written_at(word) then
      redis.call("HSET", key, scope, word)
    end
  end
end

local last, longest, stays = read_all()
for _, key in ipairs(keys.stopped) do
  copy_to(key, last)
  if stays then
    redis.call("PERSIST", key)
  else
    redis.call("EXPIRE", key, longest)
  end
end
