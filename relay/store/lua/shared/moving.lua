-- What the scripts of a phone change and of an erasure share. Needs shared/session.lua.

-- Calls visit(id, session) for each session of a person that is open on record.
local function each_open(sessions_key, pairs_key, visit)
  local ids = redis.call("HVALS", pairs_key)
  for first = 1, #ids, 500 do
    local last = math.min(first + 499, #ids)
    local records = redis.call("HMGET", sessions_key, unpack(ids, first, last))
    for offset = 0, last - first do
      local record = records[offset + 1]
      if record and string.sub(record, 1, 5) == "open\t" then
        visit(ids[first + offset], read_session(record))
      end
    end
  end
end

local function is_live(session, now)
  return session.status == "open" and now < tonumber(session.expires_at)
end

-- The marker in {p}:moving by which claims made with what was read before are refused: wanted (the
-- index a claim must come with, or "!" and the beginning of a sealed phone it must not come
-- with), until, and the id of the change while that is under way.
local function pack_marker(wanted, till, change)
  return table.concat({ wanted, till, change }, "\t")
end

local function change_of(marker)
  return string.match(marker or "", "^[^\t]*\t[^\t]*\t(.*)$") or ""
end

-- session.former: "role:index" of phones that a side has left, comma-joined. Only that side may take
-- such a binding up again while it cools: late calls from it are meant for the other one (P1).
local function has_left(session, role, index)
  return string.find("," .. session.former .. ",", "," .. role .. ":" .. index .. ",", 1, true) ~= nil
end

local function each_former(session, visit)
  for role, index in string.gmatch(session.former, "(%a+):([^,]+)") do
    visit(role, index)
  end
end

-- The phone that a side leaves and the one that it takes up change places in session.former.
local function note_leaving(session, role, left, taken_up)
  local entries = { role .. ":" .. left }
  each_former(session, function(whose, index)
    if index ~= left and index ~= taken_up then
      entries[#entries + 1] = whose .. ":" .. index
    end
  end)
  session.former = table.concat(entries, ",")
end
