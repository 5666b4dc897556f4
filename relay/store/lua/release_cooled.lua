-- release_cooled: frees the bindings of one batch whose cooldown is over.
-- uses: session, leases, closing, bindings
--
-- The batch was read before; each member is looked at again here, so that a pair that has come
-- back meanwhile keeps its number. A pair with a call in progress is looked at when its lease
-- ends (P5). Safe to run twice. Answers how many bindings were freed.
local keys = {
  cooling = KEYS[1],   -- sorted set
  sessions = KEYS[2],  -- hash
  leases = KEYS[3],    -- hash
  ordinals = KEYS[4],  -- hash
  codes = KEYS[5],     -- hash
  load = KEYS[6],      -- hash
  degrees = KEYS[7],   -- sorted set
  ended = KEYS[8],     -- sorted set
}
local FIRST_NODE_KEY = 9         -- for each member: the phone's hash, its bitmap
local now = tonumber(ARGV[1])    -- seconds
local retention = tonumber(ARGV[2])  -- seconds
local FIRST_MEMBER = 3           -- members of cooling, ordinal:index:session

local freed = 0
for position = 0, #ARGV - FIRST_MEMBER do
  local member = ARGV[FIRST_MEMBER + position]
  local score = redis.call("ZSCORE", keys.cooling, member)
  if score and tonumber(score) <= now then
    local ordinal, index, id = string.match(member, "^(%d+):([^:]+):(.+)$")
    local busy = busy_until(keys.leases, id, now)
    if busy then
      redis.call("ZADD", keys.cooling, busy, member)
    else
      local number = redis.call("HGET", keys.ordinals, ordinal)
      local node = {
        phone = KEYS[FIRST_NODE_KEY + 2 * position],
        used = KEYS[FIRST_NODE_KEY + 2 * position + 1],
        index = index,
      }
      redis.call("ZREM", keys.cooling, member)
      if number and redis.call("HGET", node.phone, number) == id then
        unbind(node, keys.degrees, number, ordinal)
        freed = freed + 1
      end
      local record = redis.call("HGET", keys.sessions, id)
      if record then
        drop_bindings(keys, id, read_session(record), 1, now + retention)
      end
    end
  end
end
return freed
