-- release_cooled: frees the bindings of one batch whose cooldown is over.
-- uses: session, leases, occupancy, closing, letting_go, bindings
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
  code_lengths = KEYS[6],  -- hash
  load = KEYS[7],      -- hash
  degrees = { recruiter = KEYS[8], candidate = KEYS[9], both = KEYS[10] },  -- sorted sets
  sharing = KEYS[11],  -- sorted set
  ended = KEYS[12],    -- sorted set
}
local FIRST_NODE_KEY = 13        -- four keys for each member's phone
local now = tonumber(ARGV[1])    -- seconds
local retention = tonumber(ARGV[2])  -- seconds
local FIRST_MEMBER = 3           -- members of cooling, ordinal:role:index:session

local freed = 0
for position = 0, #ARGV - FIRST_MEMBER do
  local member = ARGV[FIRST_MEMBER + position]
  local score = redis.call("ZSCORE", keys.cooling, member)
  if score and tonumber(score) <= now then
    local ordinal, role, index, id = string.match(member, "^(%d+):(%a+):([^:]+):(.+)$")
    local busy = busy_until(keys.leases, id, now)
    if busy then
      redis.call("ZADD", keys.cooling, busy, member)
    else
      local number = redis.call("HGET", keys.ordinals, ordinal)
      local node = node_at(FIRST_NODE_KEY + KEYS_OF_NODE * position, index)
      redis.call("ZREM", keys.cooling, member)
      if number and unbind(keys, node, role, number, ordinal, id) then
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
