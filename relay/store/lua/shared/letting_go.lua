-- Letting go of closed sessions' bindings.
-- keys: sessions codes code_lengths load ended
-- uses: session batching

-- The last bindings of these sessions have gone: their codes are free again, and the records wait
-- for the end of their retention. Calls in progress stay on record: a pair that comes back takes
-- bindings over while one goes on.
local function forget_last_bindings(keys, gone, purge_at)
  local codes, owned, ended, by_number = {}, {}, {}, {}
  for position, each in ipairs(gone) do
    local number = each.session.number
    codes[position] = number .. ":" .. each.session.code
    by_number[number] = (by_number[number] or 0) + 1
    ended[2 * position - 1], ended[2 * position] = purge_at, each.id
  end
  for position, id in ipairs(read_fields(keys.codes, codes)) do
    if id == gone[position].id then
      owned[#owned + 1] = codes[position]
    end
  end
  in_batches("HDEL", keys.codes, owned)
  for number, sessions in pairs(by_number) do
    if redis.call("HINCRBY", keys.load, number, -sessions) <= 0 then
      redis.call("HDEL", keys.load, number)
      redis.call("HDEL", keys.code_lengths, number)
    end
  end
  in_batches("ZADD", keys.ended, ended)
end

-- Counts bindings of closed sessions as gone. drops: id, session and count of each.
local function drop_bindings(keys, drops, purge_at)
  local records, gone = {}, {}
  for position, drop in ipairs(drops) do
    local left = tonumber(drop.session.bindings) - drop.count
    drop.session.bindings = whole(left)
    if left <= 0 then
      drop.session.code_needed = ""
      gone[#gone + 1] = drop
    end
    records[2 * position - 1], records[2 * position] = drop.id, pack_session(drop.session)
  end
  in_batches("HSET", keys.sessions, records)
  forget_last_bindings(keys, gone, purge_at)
end
