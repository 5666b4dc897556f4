-- Leases: the calls in progress of a session. A lease ends by itself, so that a callback that never
-- comes cannot pin a pair (P5).
--
-- A line for each call: CallSid, until, decided_at, whether the decision holds ("1" or ""), and its
-- successor sessions, joined by commas: those that it was passed on to, which are told of its end.
local function read_leases(text, now)
  local leases = {}
  for sid, till, decided_at, holds, successors in
    string.gmatch(text or "", "([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\n")
  do
    if tonumber(till) > now then
      leases[#leases + 1] = {
        sid = sid, till = till, decided_at = decided_at, holds = holds, successors = successors,
      }
    end
  end
  return leases
end

local function pack_leases(leases)
  local lines = {}
  for position, lease in ipairs(leases) do
    lines[position] = table.concat({
      lease.sid, lease.till, lease.decided_at, lease.holds, lease.successors,
    }, "\t") .. "\n"
  end
  return table.concat(lines)
end

local function store_leases(leases_key, id, leases)
  if #leases == 0 then
    redis.call("HDEL", leases_key, id)
  else
    redis.call("HSET", leases_key, id, pack_leases(leases))
  end
end

-- When the last call in progress of a session ends at the latest, or false. text: its leases, or
-- false. Leases that are over are forgotten.
local function busy_until(leases_key, id, text, now)
  if not text then
    return false
  end
  local latest = false
  for _, lease in ipairs(read_leases(text, now)) do
    latest = math.max(latest or 0, tonumber(lease.till))
  end
  if not latest then
    redis.call("HDEL", leases_key, id)
  end
  return latest
end

-- Revokes the decisions of a session's calls in progress; the calls go on.
local function revoke(leases_key, id, now)
  local text = redis.call("HGET", leases_key, id)
  if text then
    local leases = read_leases(text, now)
    for _, lease in ipairs(leases) do
      lease.holds = ""
    end
    store_leases(leases_key, id, leases)
  end
end

-- A session that passes its number on passes the calls in progress on it on, too (P5).
local function share_leases(leases_key, from, to, now)
  local leases, passed_on = read_leases(redis.call("HGET", leases_key, from) or "", now), {}
  for position, lease in ipairs(leases) do
    passed_on[position] = {
      sid = lease.sid, till = lease.till, decided_at = lease.decided_at,
      holds = "", successors = "",
    }
    lease.successors = lease.successors == "" and to or lease.successors .. "," .. to
  end
  store_leases(leases_key, from, leases)
  store_leases(leases_key, to, passed_on)
end

-- Ends a call's lease on a session and on all that it was passed on to. Calls visit(id) for each of
-- them that has no other call in progress.
local function end_lease(leases_key, id, sid, now, visit)
  local going_on, successors = {}, ""
  for _, lease in ipairs(read_leases(redis.call("HGET", leases_key, id) or "", now)) do
    if lease.sid == sid then
      successors = lease.successors
    else
      going_on[#going_on + 1] = lease
    end
  end
  store_leases(leases_key, id, going_on)
  if #going_on == 0 then
    visit(id)
  end
  for successor in string.gmatch(successors, "[^,]+") do
    end_lease(leases_key, successor, sid, now, visit)
  end
end
