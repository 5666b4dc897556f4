-- carry_stops_over: the last word of a phone, STOP or START, stands under each of its indexes, so that
-- it outlives the index key under which it was written. Safe to run twice.
--
-- Answers how many words were copied.
-- KEYS: hashes, one for each of the phone's indexes, as record_opt_out.lua writes them.

local function written_at(known)
  return tonumber(string.match(known or "started 0 ", "^%S+ (%S+)"))
end

local last, longest, stays = {}, 0, false
for _, key in ipairs(KEYS) do
  local words, life = redis.call("HGETALL", key), redis.call("TTL", key)
  for position = 1, #words, 2 do
    local scope, word = words[position], words[position + 1]
    if written_at(last[scope]) < written_at(word) then
      last[scope] = word
    end
  end
  longest, stays = math.max(longest, life), stays or life == -1
end

local copied = 0
for _, key in ipairs(KEYS) do
  local copied_before = copied
  for scope, word in pairs(last) do
    if written_at(redis.call("HGET", key, scope)) < written_at(word) then
      redis.call("HSET", key, scope, word)
      copied = copied + 1
    end
  end
  if stays then
    redis.call("PERSIST", key)
  elseif copied > copied_before then
    redis.call("EXPIRE", key, longest)
  end
end
return copied
