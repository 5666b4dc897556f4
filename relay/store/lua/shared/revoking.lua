-- Takes back the decisions of somebody's calls under way, those of ended sessions, too.
-- keys: sessions leases
-- uses: session leases batching

-- The hash of leases holds no more than the calls under way on the board.
local function revoke_calls_of(role, ref, now)
  local ids = redis.call("HKEYS", keys.leases)
  for position, record in ipairs(read_fields(keys.sessions, ids)) do
    if not record or read_session(record)[role] == ref then
      revoke(keys.leases, ids[position], now)
    end
  end
end
